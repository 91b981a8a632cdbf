using System.CommandLine;
using GpuOptim.Benchmarks;
using GpuOptim.Benchmarks.Checkpoints;
using GpuOptim.Benchmarks.Ilgpu;
using GpuOptim.Benchmarks.Muon;
using GpuOptim.Benchmarks.NewtonSchulz;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Benchmarks.TorchSharp;
using GpuOptim.Benchmarks.Training;

var command = new RootCommand("Measures GpuOptim against the machine's memory, its arithmetic, and PyTorch.")
{
    ThroughputCommand.Create(),
    NewtonSchulzCommand.Create(),
    MuonCommand.Create(),
    CheckpointCommand.Create(),
    TrainingCommand.Create(),
    TorchSharpCommand.Create(),
    VerifyCommand.Create(),
    PtxCommand.Create(),
    EstimateCommand.Create(),
    DriverCallsCommand.Create(),
};
try
{
    return command.Parse(args).Invoke(new() { EnableDefaultExceptionHandler = false });
}
catch (InvalidOperationException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
