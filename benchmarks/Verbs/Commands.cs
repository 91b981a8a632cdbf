using System.CommandLine;
using GpuOptim.Benchmarks.Comparison;
using GpuOptim.Benchmarks.Convergence;
using GpuOptim.Benchmarks.Distributed.Model;
using GpuOptim.Benchmarks.Ilgpu;
using GpuOptim.Benchmarks.Precision;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>All commands.</summary>
internal static class Commands
{
    public static int Run(string[] arguments)
    {
        var root = new RootCommand("Measures GpuOptim against the machine's memory, its arithmetic, and others.")
        {
            ReportCommand.Create(),
            CompareToCommand.Create(),
            DevicesCommand.Create(),
        };
        foreach (var verb in AllVerbs.List)
            root.Add(verb.Command);
        foreach (var command in new[] { VerifyCommand.Create(), PtxCommand.Create(), EstimateCommand.Create(), DistributedModelCommand.Create(), PrecisionTrainingCommand.Create(), OptimizerTrainingCommand.Create(), MemoryCommand.Create(), DriverCallsCommand.Create() })
            root.Add(command);
        try
        {
            return root.Parse(arguments).Invoke(new() { EnableDefaultExceptionHandler = false });
        }
        catch (Exception failure) when (failure is InvalidOperationException or IOException or UnauthorizedAccessException or OutOfMemoryException or OverflowException or ArgumentException)
        {
            Console.Error.WriteLine(failure.Message);
            // 1 is what compare-to says of a regression.
            return 2;
        }
    }
}
