namespace GpuOptim.Benchmarks.Throughput;

/// <summary>Times steps on tensors so small or many that memory does not matter.</summary>
internal sealed class LaunchVerb() : UpdatesVerb(
    "launch",
    "What does a step cost beside its arithmetic: on nothing, and on many small tensors?",
    "1x1", "1000x1", "1000x1024", "10000x100");
