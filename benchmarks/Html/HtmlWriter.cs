using System.Text;
using System.Xml.Linq;

namespace GpuOptim.Benchmarks.Html;

/// <summary>Writes a tree of elements as HTML. All text is escaped here, and only here.</summary>
internal static class HtmlWriter
{
    /// <summary>Elements that have no end tag.</summary>
    private static readonly HashSet<string> _void = ["meta", "link", "br", "wbr", "hr", "img", "input", "col"];

    /// <summary>Elements whose content is no HTML: it ends where their end tag stands.</summary>
    private static readonly HashSet<string> _raw = ["style", "script"];

    /// <summary>Elements that stand on a line of their own, for whoever reads the source.</summary>
    private static readonly HashSet<string> _lines =
    [
        "html", "head", "body", "meta", "link", "title", "style", "script", "header", "nav", "main", "footer", "section", "figure", "svg", "g", "h1", "h2", "h3", "p", "ul", "li", "dl", "dt", "dd", "div",
        "table", "caption", "thead", "tbody", "tr",
    ];

    public static string Write(XElement page)
    {
        var html = new StringBuilder("<!DOCTYPE html>\n");
        Write(html, page);
        return html.Append('\n').ToString();
    }

    private static void Write(StringBuilder html, XElement element)
    {
        var name = element.Name.LocalName;
        if (_lines.Contains(name) && html[^1] != '\n')
            html.Append('\n');
        html.Append('<').Append(name);
        foreach (var attribute in element.Attributes())
        {
            html.Append(' ').Append(attribute.Name.LocalName).Append("=\"");
            Escape(html, attribute.Value);
            html.Append('"');
        }
        if (_void.Contains(name))
        {
            html.Append("/>");
            return;
        }
        html.Append('>');
        foreach (var node in element.Nodes())
        {
            if (node is XElement child)
                Write(html, child);
            else if (_raw.Contains(name))
                html.Append(Raw(name, ((XText)node).Value));
            else
                Escape(html, ((XText)node).Value);
        }
        html.Append("</").Append(name).Append('>');
    }

    private static string Raw(string name, string text) => text.Contains($"</{name}", StringComparison.OrdinalIgnoreCase)
        ? throw new ArgumentException($"text must not end the {name} that it stands in.", nameof(text))
        : text;

    private static void Escape(StringBuilder html, string text)
    {
        foreach (var character in text)
        {
            switch (character)
            {
                case '<':
                    html.Append("&lt;");
                    break;
                case '>':
                    html.Append("&gt;");
                    break;
                case '&':
                    html.Append("&amp;");
                    break;
                case '"':
                    html.Append("&quot;");
                    break;
                case < ' ' and not ('\t' or '\n') or '\x7F':
                    // Control characters are no text, here or anywhere.
                    html.Append('\uFFFD');
                    break;
                default:
                    html.Append(character);
                    break;
            }
        }
    }
}
