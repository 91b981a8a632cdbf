using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>Weight decay in PyTorch's files, which know two of its modes.</summary>
public sealed class TorchWeightDecayTests : FolderTest
{
    private string File => Path.Combine(Folder, "run.pt");

    /// <summary>In PyTorch AdamW is Adam with decoupled weight decay: either goes on as the other.</summary>
    [Test]
    public void AdamGoesOnAsAdamW()
    {
        using TrainingRun adamw = new(new SimdDevice(threads: 1), "adamw"), adam = new(new SimdDevice(threads: 1), "adam");
        adamw.Train(0, 2);
        TorchCheckpoint.Save(File, adamw.Optimizer);
        TorchCheckpoint.Load(File, adam.Optimizer);
        Assert.That(adam.Optimizer.Groups[0].AnyOptions.WeightDecayMode, Is.EqualTo(WeightDecayMode.Decoupled));
        adam.Schedule.Load(adamw.Schedule.State());
        adamw.Train(2, 2);
        adam.Train(2, 2);
        adam.AssertEqual(adamw);
    }

    public static IEnumerable<(OptimizerOptions Options, WeightDecayMode Usual)> DecaysThatPyTorchLacks =>
    [
        (new AdamWOptions { WeightDecayMode = WeightDecayMode.Cautious }, WeightDecayMode.Decoupled),
        (new AdamOptions { WeightDecayMode = WeightDecayMode.Independent }, WeightDecayMode.L2),
        (new SgdOptions { WeightDecayMode = WeightDecayMode.Decoupled }, WeightDecayMode.L2),
        (new MuonOptions { WeightDecayMode = WeightDecayMode.Cautious }, WeightDecayMode.Decoupled),
    ];

    [TestCaseSource(nameof(DecaysThatPyTorchLacks))]
    public void DecayThatPyTorchLacksIsNotWritten((OptimizerOptions Options, WeightDecayMode Usual) decay)
    {
        using var device = new SimdDevice(threads: 1);
        using var optimizer = decay.Options.CreateOptimizer([device.CreateParameter("p", [2, 2])]);
        Assert.That(() => TorchCheckpoint.Save(File, optimizer), Throws.ArgumentException.With.Message.Contains($"WeightDecayMode must be {decay.Usual}, as in PyTorch. Actual value was {decay.Options.WeightDecayMode}"));
        Assert.That(System.IO.File.Exists(File), Is.False);
    }
}
