using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>The colour and shape of each name, the same in all charts. Shapes tell what colours tell.</summary>
/// <param name="names">The names, in their order. This library's comes first in any case.</param>
internal sealed class Palette(IEnumerable<string> names)
{
    /// <summary>How many there are.</summary>
    public const int Colors = 8;

    private readonly List<string> _names = [.. names.Where(name => name != Figure.Ours).Distinct().Prepend(Figure.Ours)];

    /// <summary>Classes of what is filled.</summary>
    public string Fill(string name) => $"fill{Shape(name)}";

    /// <summary>Classes of what is drawn as a line.</summary>
    public string Line(string name) => $"line{Shape(name)}";

    /// <summary>Which shape, and which colour. The first is only this library's.</summary>
    public int Shape(string name) => _names.IndexOf(name) is > 0 and var index ? 1 + (index - 1) % (Colors - 1) : 0;
}
