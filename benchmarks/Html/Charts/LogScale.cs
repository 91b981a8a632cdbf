namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>A logarithmic axis.</summary>
internal sealed class LogScale : Scale
{
    private readonly double _logLow;
    private readonly double _logHigh;

    private LogScale(double low, double high) : base(low, high) => (_logLow, _logHigh) = (Math.Log10(low), Math.Log10(high));

    public override bool IsLogarithmic => true;

    /// <summary>An axis that holds some values, with room at both ends.</summary>
    /// <param name="values">The values. Those that have no logarithm are left out.</param>
    /// <param name="room">How much room, as a factor.</param>
    public static LogScale Over(IEnumerable<double> values, double room = 1.25)
    {
        double[] known = [.. values.Where(value => value is > 1e-290 and < 1e290)];
        var (low, high) = known.Length == 0 ? (1.0, 10.0) : (known.Min(), known.Max());
        // Equal values still need an axis.
        if (high / low < 2)
            (low, high) = (low / 2, high * 2);
        return new(low / room, high * room);
    }

    public override IReadOnlyList<double> Ticks(int most)
    {
        foreach (var digits in (double[][])[[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3]])
        {
            var ticks = Ticks(digits, 1);
            if (ticks.Count <= most)
                return ticks;
        }
        for (var every = 1; ; every++)
        {
            var ticks = Ticks([1], every);
            if (ticks.Count <= Math.Max(1, most))
                return ticks;
        }
    }

    protected override double Share(double value) => value > 0 ? (Math.Log10(value) - _logLow) / (_logHigh - _logLow) : 0;

    private List<double> Ticks(double[] digits, int every) =>
    [
        .. Enumerable.Range((int)Math.Floor(_logLow), (int)Math.Ceiling(_logHigh) - (int)Math.Floor(_logLow) + 1)
            .Where(exponent => exponent % every == 0)
            .SelectMany(exponent => digits.Select(digit => digit * Math.Pow(10, exponent)))
            .Where(tick => tick >= Low * (1 - 1e-9) && tick <= High * (1 + 1e-9)),
    ];
}
