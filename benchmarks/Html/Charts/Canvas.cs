using System.Globalization;
using System.Xml.Linq;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>A drawing. Colours are classes, so that the page's style decides them, for light and for dark.</summary>
/// <param name="width">How wide it is, in units of its text's pixels.</param>
internal sealed class Canvas(double width)
{
    /// <summary>Text is this high.</summary>
    public const double FontSize = 13;

    /// <summary>From one line of text to the next.</summary>
    public const double LineHeight = 18;

    private readonly List<XElement> _elements = [];

    public double Width { get; } = width;

    /// <summary>How high it is; set once it is known.</summary>
    public double Height { get; set; }

    /// <summary>Whether it is for a phone.</summary>
    public bool IsNarrow => Width < 500;

    /// <summary>About how wide a text is. Fonts differ; this holds for wide ones.</summary>
    public static double TextWidth(string text, double size = FontSize, bool isBold = false) => size * (isBold ? 1.12 : 1) * text.Sum(character => character switch
    {
        'm' or 'w' or 'M' or 'W' => 0.98,
        'i' or 'j' or 'l' or 't' or 'f' or 'r' or 'I' or '.' or ',' or ':' or '\'' or '(' or ')' or '/' or ' ' or '\u202F' => 0.4,
        >= 'A' and <= 'Z' => 0.72,
        _ => 0.63,
    });

    /// <summary>A place, with as many digits as can be seen.</summary>
    public static string Place(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    public void Line(string css, double x1, double y1, double x2, double y2) =>
        _elements.Add(Tag.Of($"path.{css}", ("d", $"M{Place(x1)} {Place(y1)}L{Place(x2)} {Place(y2)}")));

    public void Rectangle(string css, double x, double y, double width, double height, string? tip = null) => _elements.Add(Tag.Of(
        $"rect.{css}", ("x", Place(x)), ("y", Place(y)), ("width", Place(Math.Max(0, width))), ("height", Place(Math.Max(0, height))), ("rx", "2"), Tip(tip)));

    public void Text(string css, double x, double y, string text, string anchor = "start", double turned = 0)
    {
        var element = Tag.Of($"text.{css}", ("x", Place(x)), ("y", Place(y)), text);
        if (anchor != "start")
            element.SetAttributeValue("text-anchor", anchor);
        if (turned != 0)
            element.SetAttributeValue("transform", $"rotate({Place(turned)} {Place(x)} {Place(y)})");
        _elements.Add(element);
    }

    public void Path(string css, IEnumerable<(double X, double Y)> points, bool closed = false) =>
        _elements.Add(Tag.Of($"path.{css}", ("d", "M" + string.Join('L', points.Select(point => $"{Place(point.X)} {Place(point.Y)}")) + (closed ? "Z" : ""))));

    /// <summary>A point, whose shape tells what its colour tells, for those who see no colours.</summary>
    /// <param name="css">Its classes.</param>
    /// <param name="shape">Which shape.</param>
    /// <param name="x">Its middle.</param>
    /// <param name="y">Its middle.</param>
    /// <param name="tip">What it says when it is pointed at.</param>
    /// <param name="size">Half its size.</param>
    public void Marker(string css, int shape, double x, double y, string? tip = null, double size = 4.5)
    {
        var (left, right, top, bottom) = (Place(x - size), Place(x + size), Place(y - size), Place(y + size));
        var (middleX, middleY) = (Place(x), Place(y));
        _elements.Add((shape % Palette.Colors) switch
        {
            0 => Tag.Of($"circle.{css}", ("cx", middleX), ("cy", middleY), ("r", Place(size)), Tip(tip)),
            1 => Tag.Of($"path.{css}", ("d", $"M{left} {top}H{right}V{bottom}H{left}Z"), Tip(tip)),
            2 => Tag.Of($"path.{css}", ("d", $"M{middleX} {Place(y - 1.2 * size)}L{Place(x + 1.2 * size)} {bottom}H{Place(x - 1.2 * size)}Z"), Tip(tip)),
            3 => Tag.Of($"path.{css}", ("d", $"M{middleX} {Place(y - 1.3 * size)}L{Place(x + 1.3 * size)} {middleY}L{middleX} {Place(y + 1.3 * size)}L{Place(x - 1.3 * size)} {middleY}Z"), Tip(tip)),
            4 => Tag.Of($"path.{css}", ("d", $"M{middleX} {Place(y + 1.2 * size)}L{Place(x + 1.2 * size)} {top}H{Place(x - 1.2 * size)}Z"), Tip(tip)),
            5 => Tag.Of($"path.{css}.hollow", ("d", $"M{left} {top}H{right}V{bottom}H{left}Z"), Tip(tip)),
            6 => Tag.Of($"circle.{css}.hollow", ("cx", middleX), ("cy", middleY), ("r", Place(size)), Tip(tip)),
            _ => Tag.Of($"path.{css}.hollow", ("d", $"M{middleX} {Place(y - 1.3 * size)}L{Place(x + 1.3 * size)} {middleY}L{middleX} {Place(y + 1.3 * size)}L{Place(x - 1.3 * size)} {middleY}Z"), Tip(tip)),
        });
    }

    /// <summary>An interval, from end to end.</summary>
    public void Whisker(string css, double from, double to, double y, double size = 4)
    {
        Line(css, from, y, to, y);
        Line(css, from, y - size, from, y + size);
        Line(css, to, y - size, to, y + size);
    }

    /// <summary>The drawing.</summary>
    /// <param name="css">The class that decides when it shows.</param>
    /// <param name="id">What no other element of the page is called.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="description">The same for whoever cannot see it.</param>
    public XElement ToSvg(string css, string id, string title, string description) => Tag.Of(
        $"svg.{css}",
        ("role", "img"),
        ("aria-labelledby", $"{id}-title {id}-desc"),
        ("viewBox", $"0 0 {Place(Width)} {Place(Height)}"),
        ("width", Place(Width)),
        ("height", Place(Height)),
        Tag.Of("title", ("id", $"{id}-title"), title),
        Tag.Of("desc", ("id", $"{id}-desc"), description),
        _elements);

    private static XElement? Tip(string? text) => text is null ? null : Tag.Of("title", text);
}
