using System.Globalization;
using System.Xml.Linq;
using GpuOptim.Benchmarks.Html.Charts;

namespace GpuOptim.Benchmarks.Distributed.Model;

/// <summary>A report's chart as a file that stands alone: colors are attributes, which every viewer knows, and dark ones override them where style sheets are read.</summary>
internal static class Picture
{
    // As high as the title; the paper begins as far above.
    private const double Head = 64;

    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    /// <summary>Those of report.css, for light and for dark paper.</summary>
    private static readonly (string Light, string Dark)[] _hues =
    [
        ("#0b63a8", "#5db3f2"), ("#b4500a", "#ff9a5c"), ("#00735a", "#35cfa2"), ("#98378a", "#e394cf"), ("#7a5f00", "#e6c84a"), ("#56616c", "#b4bec8"), ("#85462a", "#dca283"), ("#4a4fb5", "#aab0ff"),
    ];

    private static readonly (string Light, string Dark) _paper = ("#ffffff", "#0d1117"), _ink = ("#1b2127", "#e8edf2"), _faint = ("#56616c", "#a0abb6"), _grid = ("#e6eaee", "#242c35");

    public static string Of(Chart chart)
    {
        var drawing = chart.ToFigure("chart").Elements("svg").First();
        var (width, height) = ((double)drawing.Attribute("width")!, (double)drawing.Attribute("height")!);
        var svg = new XElement(
            _svg + "svg",
            new XAttribute("viewBox", string.Create(CultureInfo.InvariantCulture, $"-14 {-Head} {width + 28} {height + Head + 10}")),
            new XAttribute("font-family", "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"),
            new XAttribute("font-size", "13"),
            new XAttribute("fill", _faint.Light),
            new XAttribute("role", "img"),
            new XAttribute("aria-label", chart.Title),
            new XElement(_svg + "style", Style()),
            Element("rect", "paper", ("x", "-14"), ("y", "-64"), ("width", "100%"), ("height", "100%"), ("fill", _paper.Light)),
            Element("text", "ink", ("x", "0"), ("y", "-36"), ("font-size", "18"), ("font-weight", "600"), ("fill", _ink.Light), ("", chart.Title)),
            Element("text", "faint", ("x", "0"), ("y", "-14"), ("fill", _faint.Light), ("", chart.Subtitle)));
        foreach (var element in drawing.Elements().Where(element => element.Name.LocalName is not ("title" or "desc")))
            svg.Add(Convert(element));
        return svg.ToString().ReplaceLineEndings("\n") + "\n";
    }

    private static string Style()
    {
        var hues = _hues.Select((hue, i) => $".line{i} {{ stroke: {hue.Dark}; }} .fill{i} {{ fill: {hue.Dark}; stroke: {hue.Dark}; }}");
        string[] others = [$"svg, .faint {{ fill: {_faint.Dark}; }}", $".paper {{ fill: {_paper.Dark}; }}", $".ink {{ fill: {_ink.Dark}; }}", $".grid {{ stroke: {_grid.Dark}; }}", $".axis, .bound-line {{ stroke: {_faint.Dark}; }}"];
        return $"\n@media (prefers-color-scheme: dark) {{\n{string.Join('\n', others.Concat(hues))}\n}}\n";
    }

    private static XElement Element(string name, string css, params (string Name, string Value)[] attributes)
    {
        var element = new XElement(_svg + name, new XAttribute("class", css));
        foreach (var (attribute, value) in attributes)
        {
            if (attribute.Length == 0)
                element.Value = value;
            else
                element.SetAttributeValue(attribute, value);
        }
        return element;
    }

    /// <summary>An element of a chart, with what its classes mean.</summary>
    private static XElement Convert(XElement element)
    {
        var css = ((string?)element.Attribute("class"))?.Split(' ') ?? [];
        var copy = new XElement(_svg + element.Name.LocalName, element.Attributes(), element.Nodes().Select(node => node is XElement child ? Convert(child) : node));
        // What it says when it is pointed at.
        if (css.Length == 0)
            return copy;
        var (kind, hue) = Hue(css[0]);
        copy.SetAttributeValue("class", kind switch { "label" or "label.ours" => "ink", "tick" or "axis-title" => "faint", _ => css[0] });
        foreach (var (name, value) in kind switch
        {
            "line" => [("fill", "none"), ("stroke", _hues[hue].Light), ("stroke-width", css.Contains("strong") ? "3" : "2"), ("stroke-linejoin", "round")],
            "fill" => [("fill", _hues[hue].Light), ("stroke", _hues[hue].Light)],
            "band" => [("fill", "none"), ("stroke", _hues[hue].Light), ("stroke-opacity", "0")],
            "grid" => [("stroke", _grid.Light)],
            "bound-line" => [("fill", "none"), ("stroke", _faint.Light), ("stroke-width", "1.75"), ("stroke-dasharray", "6 4")],
            "axis" => [("stroke", _faint.Light)],
            "label" => [("fill", _ink.Light), .. css.Contains("ours") ? new[] { ("font-weight", "600") } : []],
            _ => (IEnumerable<(string, string)>)[("fill", _faint.Light), ("font-size", "12")],
        })
        {
            copy.SetAttributeValue(name, value);
        }
        return copy;
    }

    /// <summary>A class without the number of its color, and that.</summary>
    private static (string Kind, int Hue) Hue(string css) => char.IsAsciiDigit(css[^1]) ? (css[..^1], css[^1] - '0') : (css, 0);
}
