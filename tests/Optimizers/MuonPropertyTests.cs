using FsCheck;
using FsCheck.Fluent;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>What holds for Muon, whatever the matrices: checked on random shapes and numbers of threads.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class MuonPropertyTests
{
    private static readonly Gen<long[]> _shape = from rows in Gen.Choose(1, 70) from columns in Gen.Choose(1, 70) select new long[] { rows, columns };
    private static readonly Gen<long[][]> _shapes = from count in Gen.Choose(1, 6) from shapes in _shape.ArrayOf(count) select shapes;

    /// <summary>One float at a time on one thread is the reference of every vector width on any number of threads.</summary>
    [Test]
    public void EveryLaneAndNumberOfThreadsGivesTheSameBits([ValueSource(typeof(SimdDevice), nameof(SimdDevice.VectorWidths))] int vectorBits, [Values] NewtonSchulzPrecision precision) =>
        PropertyTests.Check(from shapes in _shapes from threads in Gen.Choose(1, 4) select (shapes, threads), sample =>
        {
            var expected = Train(1, 32, sample.shapes, precision);
            var actual = Train(sample.threads, vectorBits, sample.shapes, precision);
            StepTests.AssertSame(actual, expected);
        });

    /// <summary>Parameters that are given together, or one optimizer each.</summary>
    [Test]
    public void MatricesDoNotMindTheirNeighbours() => PropertyTests.Check(_shapes, shapes =>
    {
        using var device = new SimdDevice();
        using var model = new MatrixModel(device, shapes);
        using var other = new MatrixModel(device, shapes);
        using var together = new Muon(model.Parameters);
        var alone = other.Parameters.Reverse().Select(parameter => new Muon([parameter])).ToArray();
        model.NextGradients();
        other.NextGradients();
        together.Step();
        Array.ForEach(alone, muon => muon.Step());
        Array.ForEach(alone, muon => muon.Dispose());
        StepTests.AssertSame(other.Data(), model.Data());
    });

    private static float[][] Train(int threads, int vectorBits, long[][] shapes, NewtonSchulzPrecision precision)
    {
        using var device = new SimdDevice(threads, vectorBits);
        using var model = new MatrixModel(device, shapes);
        using var muon = new Muon(model.Parameters, new() { NewtonSchulz = new() { Precision = precision } });
        for (var t = 0; t < 2; t++)
        {
            model.NextGradients();
            muon.Step();
        }
        return model.Data();
    }
}
