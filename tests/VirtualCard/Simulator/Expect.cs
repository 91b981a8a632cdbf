using System.Globalization;
using VirtualCard.Execution;
using VirtualCard.Ptx;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>What tests of kernels hold.</summary>
internal static class Expect
{
    /// <summary>The same bits, every NaN equal to every other.</summary>
    public static void Same<T>(IEnumerable<T> actual, IEnumerable<T> expected, string what = "") where T : unmanaged
    {
        T[] actuals = [.. actual], expecteds = [.. expected];
        Assert.That(actuals, Has.Length.EqualTo(expecteds.Length), what);
        for (var i = 0; i < actuals.Length; i++)
        {
            if (!IsSame(actuals[i], expecteds[i]))
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{what}[{i}]: expected {expecteds[i]}, was {actuals[i]}"));
        }
    }

    public static void Near(IEnumerable<float> actual, IEnumerable<double> expected, double tolerance) =>
        Assert.That(actual.Select(value => (double)value), Is.EqualTo(expected).Within(tolerance));

    /// <summary>Neither races, nor reads of what nobody wrote, nor warnings.</summary>
    public static void Clean(Statistics statistics) => Assert.That(
        (string[])[.. statistics.Races.Select(race => race.ToString()), .. statistics.UninitializedShared, .. statistics.Warnings],
        Is.Empty);

    /// <summary>A fault of the kernel, whose report names all these.</summary>
    public static void Fault(FaultKind kind, TestDelegate run, params string[] parts)
    {
        var fault = Assert.Throws<SimulationException>(run)!;
        foreach (var part in parts)
            Assert.That(fault.Message, Does.Contain(part));
        Assert.That(fault.Kind, Is.EqualTo(kind), fault.Message);
    }

    /// <summary>PTX that is rejected, in words that name all these.</summary>
    public static void Rejection(TestDelegate run, params string[] parts)
    {
        var rejection = Assert.Throws<PtxException>(run)!;
        foreach (var part in parts)
            Assert.That(rejection.Message, Does.Contain(part));
    }

    private static bool IsSame<T>(T a, T b) => (a, b) switch
    {
        (float x, float y) => BitConverter.SingleToUInt32Bits(x) == BitConverter.SingleToUInt32Bits(y) || (float.IsNaN(x) && float.IsNaN(y)),
        (double x, double y) => BitConverter.DoubleToUInt64Bits(x) == BitConverter.DoubleToUInt64Bits(y) || (double.IsNaN(x) && double.IsNaN(y)),
        _ => EqualityComparer<T>.Default.Equals(a, b),
    };
}
