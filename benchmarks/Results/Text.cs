using System.Globalization;

namespace GpuOptim.Benchmarks.Results;

/// <summary>Numbers and names as people read them, the same in every culture.</summary>
internal static class Text
{
    /// <summary>A number with three digits that count: 0.0123, 4.56, 789, 12345.</summary>
    public static string Number(double value)
    {
        if (value == 0 || !double.IsFinite(value))
            return value.ToString(CultureInfo.InvariantCulture);
        // Rounded first: 9.999 is 10.0, not 10.00.
        var magnitude = (int)Math.Floor(Math.Log10(Math.Abs(double.Parse(value.ToString("E2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture))) + 1e-12);
        return magnitude is < -4 or > 6
            ? value.ToString("0.##e0", CultureInfo.InvariantCulture)
            : value.ToString($"F{Math.Clamp(2 - magnitude, 0, 6)}", CultureInfo.InvariantCulture);
    }

    /// <summary>The same without zeros at its end, for axes.</summary>
    public static string Tick(double value) => value != 0 && Math.Abs(Math.Log10(Math.Abs(value))) > 5 ? value.ToString("0.##e0", CultureInfo.InvariantCulture) : value.ToString("0.######", CultureInfo.InvariantCulture);

    /// <summary>A time in the unit that suits it.</summary>
    public static string Seconds(double seconds)
    {
        var (unit, factor) = Unit(seconds);
        return $"{Number(seconds * factor)}\u00A0{unit}";
    }

    /// <summary>A time's interval, without a unit: that of the time.</summary>
    public static string Interval(double low, double high, double seconds)
    {
        var (_, factor) = Unit(seconds);
        return $"{Number(low * factor)}\u202F–\u202F{Number(high * factor)}";
    }

    /// <summary>The unit of a time, and how many there are in a second.</summary>
    public static (string Unit, double Factor) Unit(double seconds) => seconds switch
    {
        < 1e-6 => ("ns", 1e9),
        < 1e-3 => ("µs", 1e6),
        < 1 => ("ms", 1e3),
        _ => ("s", 1),
    };

    public static string Percent(double share) => double.IsFinite(share) ? $"{(Math.Abs(share) < 0.0995 ? Number(share * 100, 1) : Number(share * 100, 0))}\u00A0%" : "";

    /// <summary>How many times, such as 1.04×, 2.3× or 145×.</summary>
    public static string Times(double times) => $"{(times < 2 ? Number(times, 2) : times < 20 ? Number(times, 1) : Number(times, 0))}×";

    /// <summary>Bytes in the unit that suits them.</summary>
    public static string Bytes(double bytes) => bytes switch
    {
        < 1L << 10 => $"{Number(bytes, 0)}\u00A0bytes",
        < 1L << 20 => $"{Tick(Math.Round(bytes / (1L << 10), 1))}\u00A0KiB",
        < 1L << 30 => $"{Tick(Math.Round(bytes / (1L << 20), 1))}\u00A0MiB",
        _ => $"{Tick(Math.Round(bytes / (1L << 30), 1))}\u00A0GiB",
    };

    /// <summary>A count in thousands, millions, ...: 64M.</summary>
    public static string Count(double count) => count switch
    {
        >= 1e9 => $"{Tick(Math.Round(count / 1e9, 2))}G",
        >= 1e6 => $"{Tick(Math.Round(count / 1e6, 2))}M",
        >= 1e3 => $"{Tick(Math.Round(count / 1e3, 2))}K",
        _ => Tick(Math.Round(count, 2)),
    };

    /// <summary>What a program calls an optimizer or a yardstick, as people write it.</summary>
    public static string Subject(string name) => name switch
    {
        "sgd" => "SGD",
        "momentum" => "SGD, momentum",
        "rmsprop" => "RMSprop",
        "adam" => "Adam",
        "adamw" => "AdamW",
        "nadam" => "NAdam",
        "radam" => "RAdam",
        "adamax" => "Adamax",
        "adagrad" => "Adagrad",
        "adadelta" => "Adadelta",
        "asgd" => "ASGD",
        "rprop" => "Rprop",
        "lion" => "Lion",
        "lamb" => "LAMB",
        "adafactor" => "Adafactor",
        "newton-schulz" => "Newton-Schulz",
        "muon" => "Muon",
        _ => name,
    };

    /// <summary>A value of a race's setting, as people write it.</summary>
    public static string Setting(string key, string value) => key switch
    {
        "layout" or "shape" => value.Replace("x", "\u202F×\u202F", StringComparison.Ordinal),
        "count" or "length" when long.TryParse(value, CultureInfo.InvariantCulture, out var number) => Count(number),
        _ => value,
    };

    public static string Plural(int count, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{count}\u00A0{(count == 1 ? one : many)}");

    /// <summary>A number with so many digits behind the point.</summary>
    public static string Number(double value, int decimals) => value.ToString($"F{decimals}", CultureInfo.InvariantCulture);
}
