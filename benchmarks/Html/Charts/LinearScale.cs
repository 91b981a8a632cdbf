namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>An axis that starts at zero, so that lengths on it are what they stand for.</summary>
/// <param name="high">What it must hold.</param>
internal sealed class LinearScale(double high) : Scale(0, high is > 1e-300 and < 1e300 ? high : 1)
{
    public override bool IsLogarithmic => false;

    /// <summary>An axis that holds some values, with room above them.</summary>
    public static LinearScale Over(IEnumerable<double> values) => new(values.Where(double.IsFinite).DefaultIfEmpty(1).Max() * 1.06);

    public override IReadOnlyList<double> Ticks(int most)
    {
        var step = RoundUp(High / Math.Max(1, most));
        return [.. Enumerable.Range(0, (int)Math.Floor(High / step * (1 + 1e-9)) + 1).Select(i => i * step)];
    }

    protected override double Share(double value) => value / High;

    /// <summary>The next number that people like to count by: 1, 2 or 5, and zeros.</summary>
    private static double RoundUp(double distance)
    {
        var zeros = Math.Pow(10, Math.Floor(Math.Log10(distance)));
        return zeros * ((distance / zeros) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 });
    }
}
