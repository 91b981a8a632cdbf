using GpuOptim.Benchmarks.Checkpoints;
using GpuOptim.Benchmarks.ColdStart;
using GpuOptim.Benchmarks.Distributed;
using GpuOptim.Benchmarks.Muon;
using GpuOptim.Benchmarks.NewtonSchulz;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Benchmarks.TorchSharp;
using GpuOptim.Benchmarks.Training;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>All questions, in the order in which a report answers them.</summary>
internal static class AllVerbs
{
    public static IReadOnlyList<Verb> List { get; } =
    [
        new CompareVerb(),
        new ThroughputVerb(),
        new LaunchVerb(),
        new NewtonSchulzVerb(),
        new MuonVerb(),
        new TrainingVerb(),
        new CheckpointVerb(),
        new DistributedVerb(),
        new ColdStartVerb(),
        new TorchSharpVerb(),
    ];
}
