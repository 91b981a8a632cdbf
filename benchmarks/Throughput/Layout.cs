using System.CommandLine;
using System.Globalization;
using GpuOptim.Benchmarks.Verbs;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>How many tensors of how many elements.</summary>
internal sealed record Layout(int Count, long Length)
{
    public long Elements => Count * Length;

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public string Id => Length switch
    {
        _ when Length % 1_000_000 == 0 => $"{Count}x{Length / 1_000_000}M",
        _ when Length % 1_000 == 0 => $"{Count}x{Length / 1_000}K",
        _ => $"{Count}x{Length}",
    };

    /// <summary>Reads <c>COUNTxLENGTH</c>; the length may end in K or M, thousands or millions. Null if it is none.</summary>
    public static Layout? Parse(string text)
    {
        var parts = text.Split('x');
        var unit = text.LastOrDefault() switch { 'K' => 1_000, 'M' => 1_000_000, _ => 1 };
        if (parts.Length == 2
            && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var count) && count > 0
            && long.TryParse(unit == 1 ? parts[1] : parts[1][..^1], CultureInfo.InvariantCulture, out var length) && length > 0 && length <= long.MaxValue / unit / count)
        {
            return new(count, length * unit);
        }
        return null;
    }

    /// <summary>The option that takes layouts.</summary>
    public static Option<string[]> Option(params string[] values)
    {
        var layouts = CommonOptions.Many("--layout", "Tensors, as COUNTxLENGTH", values);
        layouts.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => Parse(token.Value) is null))
                result.AddError($"--layout must be COUNTxLENGTH, for instance 1x64M or 1000x1024. Actual value was '{token.Value}'.");
        });
        return layouts;
    }

    public override string ToString() => Id.Replace("x", " x ", StringComparison.Ordinal);
}
