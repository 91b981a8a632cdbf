using System.CommandLine;
using GpuOptim.Benchmarks.Throughput;

var command = new RootCommand("Measures GpuOptim against the machine's memory and against PyTorch.") { ThroughputCommand.Create() };
try
{
    return command.Parse(args).Invoke(new() { EnableDefaultExceptionHandler = false });
}
catch (InvalidOperationException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
