using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>What only the CPU's own device promises of Muon: threads to choose, and steps that allocate nothing.</summary>
[NonParallelizable]
public sealed class MuonOnTheCpuTests
{
    private static readonly long[][] _shapes = [[8, 12], [8, 12], [12, 8], [1, 5], [5, 1], [40, 40], [33, 70], [130, 64], [300, 200]];

    [Test]
    public void AnyNumberOfThreadsGivesTheSameBits([ValueSource(typeof(SimdDevice), nameof(SimdDevice.VectorWidths))] int bits)
    {
        var results = new[] { 1, 2, 5 }.Select(threads =>
        {
            using var device = new SimdDevice(threads, bits);
            using var model = new MatrixModel(device, _shapes);
            using var muon = new Muon(model.Parameters);
            for (var t = 0; t < 2; t++)
            {
                model.NextGradients();
                muon.Step();
            }
            return model.Data();
        }).ToArray();
        StepTests.AssertSame(results[1], results[0]);
        StepTests.AssertSame(results[2], results[0]);
    }

    [Test]
    public void StepAllocatesNothingAfterTheFirst([Values(1, 3)] int threads)
    {
        using var device = new SimdDevice(threads);
        using var model = new MatrixModel(device, _shapes);
        using var muon = new Muon(model.Parameters);
        model.NextGradients();
        muon.Step();
        var allocated = new long[10];
        for (var i = 0; i < allocated.Length; i++)
        {
            model.Parameters[2].HasGradient = i % 2 == 0;
            var before = GC.GetTotalAllocatedBytes(precise: true);
            muon.Step();
            allocated[i] = GC.GetTotalAllocatedBytes(precise: true) - before;
        }
        Assert.That(allocated.Min(), Is.Zero);
    }
}
