using System.Globalization;
using System.Xml.Linq;

namespace GpuOptim.Benchmarks.Html;

/// <summary>A column of a table.</summary>
/// <param name="Title">Its header.</param>
/// <param name="IsNumber">Whether it holds numbers, which stand below each other by their last digits.</param>
/// <param name="BestIsHighest">Whether sorting shows the highest first.</param>
/// <param name="Cell">What it shows of a row, and the key to sort it by; null if nothing.</param>
internal sealed record Column(string Title, bool IsNumber, bool BestIsHighest, Func<Row, (string Text, string Key)?> Cell)
{
    public static Column OfText(string title, Func<Row, string?> text) => new(title, false, false, row => text(row) is { Length: > 0 } value ? (value, value) : null);

    public static Column OfNumber(string title, Func<Row, double?> value, Func<double, string> format, bool bestIsHighest = false) => new(
        title, true, bestIsHighest, row => value(row) is { } number && double.IsFinite(number) ? (format(number), Key(number)) : null);

    /// <summary>What a script sorts a number by.</summary>
    public static string Key(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    public XElement ToHeader() => Tag.Of(IsNumber ? "th.number" : "th", ("scope", "col"), ("data-sort", IsNumber ? "number" : "text"), BestIsHighest ? ("data-first", "descending") : null, Title);

    public XElement ToCell(Row row) => Cell(row) is var (text, key)
        ? Tag.Of(IsNumber ? "td.number" : "td", text == key ? null : ("data-key", key), text)
        : Tag.Of(IsNumber ? "td.number" : "td");
}
