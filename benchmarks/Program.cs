using System.CommandLine;
using GpuOptim.Benchmarks.Throughput;

return new RootCommand("Measures GpuOptim against the machine's memory and against PyTorch.") { ThroughputCommand.Create() }.Parse(args).Invoke();
