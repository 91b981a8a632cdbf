namespace GpuOptim.Benchmarks.Verbs;

/// <summary>Times for people.</summary>
internal static class Time
{
    private static readonly (double Seconds, string Name)[] _units = [(1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];

    /// <summary>A time in the unit that suits it.</summary>
    public static string Text(double seconds) => $"{Number(seconds, seconds)} {Unit(seconds).Name}";

    /// <summary>A time in the unit that suits another, without the unit.</summary>
    public static string Number(double seconds, double like)
    {
        var value = seconds / Unit(like).Seconds;
        return value switch { < 10 => $"{value:F2}", < 100 => $"{value:F1}", _ => $"{value:F0}" };
    }

    private static (double Seconds, string Name) Unit(double seconds) => _units.FirstOrDefault(unit => seconds >= unit.Seconds, _units[^1]);
}
