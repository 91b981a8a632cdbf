using System.Xml.Linq;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>A chart. It is drawn twice, for wide and for narrow screens, because text that shrinks with a drawing cannot be read.</summary>
internal abstract class Chart
{
    private const double Whole = 944, Narrow = 328;

    /// <summary>What it shows.</summary>
    public required string Title { get; init; }

    /// <summary>Of what, and how to read it.</summary>
    public required string Subtitle { get; init; }

    /// <summary>How wide it is where there is room. Those that take half stand side by side.</summary>
    protected virtual double WideWidth => Whole;

    /// <summary>What whoever does not see it should know.</summary>
    protected abstract string Description { get; }

    /// <summary>The chart with its title.</summary>
    /// <param name="id">What no other element of the page is called.</param>
    public XElement ToFigure(string id) => Tag.Of(
        WideWidth < Whole ? "figure.chart.half" : "figure.chart",
        Tag.Of("figcaption", Tag.Of("h3", Title), Tag.Of("p", Subtitle)),
        Svg(WideWidth, "wide", id + "w"),
        Svg(Narrow, "narrow", id + "n"));

    /// <summary>Draws it.</summary>
    protected abstract void Draw(Canvas canvas);

    private XElement Svg(double width, string css, string id)
    {
        var canvas = new Canvas(width);
        Draw(canvas);
        return canvas.ToSvg(css, id, Title, Description);
    }
}
