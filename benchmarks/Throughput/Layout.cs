using System.Globalization;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>How many tensors of how many elements.</summary>
internal sealed record Layout(int Count, long Length)
{
    public long Elements => Count * Length;

    /// <summary>Reads <c>COUNTxLENGTH</c>; the length may end in K or M, thousands or millions. Null if it is none.</summary>
    public static Layout? Parse(string text)
    {
        var parts = text.Split('x');
        var unit = text.LastOrDefault() switch { 'K' => 1_000, 'M' => 1_000_000, _ => 1 };
        if (parts.Length == 2
            && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var count) && count > 0
            && long.TryParse(parts[1].TrimEnd('K', 'M'), CultureInfo.InvariantCulture, out var length) && length > 0)
        {
            return new(count, length * unit);
        }
        return null;
    }

    public override string ToString() => Length % 1_000_000 == 0 ? $"{Count} x {Length / 1_000_000}M" : $"{Count} x {Length}";
}
