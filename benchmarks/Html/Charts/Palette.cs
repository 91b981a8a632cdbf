using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>The colour and shape of each name, the same in all charts. Shapes tell what colours tell.</summary>
/// <param name="names">The names, in their order. This library's comes first in any case.</param>
internal sealed class Palette(IEnumerable<string> names)
{
    private const int Colors = 6;

    private readonly List<string> _names = [.. names.Where(name => name != Figure.Ours).Distinct().Prepend(Figure.Ours)];

    /// <summary>Classes of what is filled.</summary>
    public string Fill(string name) => $"fill{Shape(name)}";

    /// <summary>Classes of what is drawn as a line.</summary>
    public string Line(string name) => $"line{Shape(name)}";

    /// <summary>Which shape.</summary>
    public int Shape(string name) => Math.Max(0, _names.IndexOf(name)) % Colors;
}
