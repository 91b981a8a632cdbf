using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Ilgpu;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.VirtualCard;

/// <summary>What a step asks of the driver, on a card that keeps up.</summary>
[NonParallelizable]
public sealed class StepTests
{
    // As many norms as may be on their way to the host have their memory by then.
    private const int Steps = 20, WarmUpSteps = GradientNorm.MaxInFlight + 4;

    [OneTimeSetUp]
    public void RequireCard()
    {
        VirtualCardLibrary.Require();
        if (!VirtualCardLibrary.IsUsed)
            Assert.Ignore("There is a real card, which does not count calls.");
    }

    /// <summary>Gradients that come and go, clipping, a scaler, an average: no call waits, and no managed byte is allocated.</summary>
    [Test]
    public void NeitherWaitsNorAllocates(
        [ValueSource(typeof(OptimizerVariant), nameof(OptimizerVariant.WholeTensorsAndAll))] OptimizerVariant variant, [Values("", "norm, scaler, average")] string more)
    {
        using var device = SharedAccelerator.Open("cuda");
        using var model = new RandomModel<float>(device, [5000, 5, .. Enumerable.Repeat(10, 20)]);
        using var scaler = more.Length > 0 ? new GradientScaler(device) : null;
        using var average = more.Length > 0 ? WeightAverage.Exponential(model.Parameters) : null;
        using var optimizer = variant.Create(model.Parameters);
        if (scaler is not null)
        {
            optimizer.GradientClipping = GradientClipping.ByNorm(1);
            optimizer.GradientScaler = scaler;
            optimizer.WeightAverage = average;
        }
        model.NextGradients();
        Verify(optimizer, step => model.Parameters[3].HasGradient = step % 2 == 0);
    }

    /// <summary>The same for matrices of several shapes, of NorMuon: its launches are Muon's, and two more.</summary>
    [Test]
    public void NorMuonNeitherWaitsNorAllocates()
    {
        using var device = SharedAccelerator.Open("cuda");
        Parameter[] matrices = [.. Enumerable.Range(1, 6).Select(i => device.CreateParameter<float>($"m{i}", [8 * (i % 3 + 1), 24], [.. Enumerable.Range(0, 8 * (i % 3 + 1) * 24).Select(j => MathF.Sin(i + j))]))];
        foreach (var matrix in matrices.Cast<Parameter<float>>())
            matrix.Gradient.CopyFrom(matrix.Data.ToArray());
        using var optimizer = new NorMuon(matrices);
        Verify(optimizer, _ => { });
    }

    private static void Verify(Optimizer optimizer, Action<int> prepare)
    {
        for (var step = 0; step < WarmUpSteps; step++)
        {
            prepare(step);
            optimizer.Step();
            VirtualCardInUse.Drain();
        }
        var waits = VirtualCardInUse.Waits;
        var allocated = new long[Steps];
        for (var step = 0; step < Steps; step++)
        {
            prepare(step);
            var before = GC.GetAllocatedBytesForCurrentThread();
            optimizer.Step();
            allocated[step] = GC.GetAllocatedBytesForCurrentThread() - before;
            VirtualCardInUse.Drain();
        }
        Assert.That(VirtualCardInUse.Waits - waits, Is.Zero, "calls that wait");
        Assert.That(allocated, Is.All.Zero);
    }
}
