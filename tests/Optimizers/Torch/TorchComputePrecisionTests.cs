using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>What a 16-bit update is computed in, in PyTorch's files: <c>fused</c>.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class TorchComputePrecisionTests : FolderTest
{
    private string File => Path.Combine(Folder, "run.pt");

    public static IEnumerable<OptimizerOptions> ThatPyTorchCanFuse => [new SgdOptions { Momentum = 0.5 }, new AdamOptions(), new AdamWOptions()];

    [TestCaseSource(nameof(ThatPyTorchCanFuse))]
    public void FusedIsWrittenAndRead(OptimizerOptions options)
    {
        using var device = new SimdDevice(threads: 1);
        using var optimizer = Create(options with { ComputePrecision = ComputePrecision.Float32 });
        using var other = Create(options);
        TorchCheckpoint.Save(File, optimizer);
        TorchCheckpoint.Load(File, other);
        Assert.That(other.Groups[0].AnyOptions, Is.EqualTo(optimizer.Groups[0].AnyOptions));

        Optimizer Create(OptimizerOptions its) => its.CreateOptimizer([device.CreateParameter<BFloat16>("p", [8])]);
    }

    /// <summary>What PyTorch would go on from differently is not written.</summary>
    [TestCaseSource(nameof(ThatPyTorchCannotFuse))]
    public void WhereThereIsNoFusedOneItIsNotWritten(OptimizerOptions options)
    {
        using var device = new SimdDevice(threads: 1);
        using var narrow = (options with { ComputePrecision = ComputePrecision.Float32 }).CreateOptimizer([device.CreateParameter<BFloat16>("p", [8, 8])]);
        using var wide = (options with { ComputePrecision = ComputePrecision.Float32 }).CreateOptimizer([device.CreateParameter("p", [8, 8])]);
        Assert.That(() => TorchCheckpoint.Save(File, narrow), Throws.ArgumentException.With.Message.Contains("ComputePrecision must be SameAsState, for PyTorch has no fused").And.Message.Contains("BFloat16 parameter 'p'"));
        Assert.That(System.IO.File.Exists(File), Is.False);
        Assert.That(() => TorchCheckpoint.Save(File, wide), Throws.Nothing);
    }

    public static IEnumerable<OptimizerOptions> ThatPyTorchCannotFuse => [new RmsPropOptions(), new MuonOptions { NewtonSchulz = new() { Steps = 5 } }];

    /// <summary>A file that leaves the choice to PyTorch, or whose optimizer has none, leaves it to the optimizer that reads it.</summary>
    [Test]
    public void WhereNothingIsSaidTheOptimizersOwnStays()
    {
        using var device = new SimdDevice(threads: 1);
        using var unsaid = new AdamW([device.CreateParameter<BFloat16>("p", [8])]);
        using var optimizer = new AdamW([device.CreateParameter<BFloat16>("p", [8])], new() { ComputePrecision = ComputePrecision.Float32 });
        TorchCheckpoint.Save(File, unsaid);
        TorchCheckpoint.Load(File, optimizer);
        Assert.That(optimizer.Groups[0].Options.ComputePrecision, Is.EqualTo(ComputePrecision.Float32));
    }
}
