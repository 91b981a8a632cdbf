using System.Xml.Linq;

namespace GpuOptim.Benchmarks.Html;

/// <summary>Makes elements of the page. They are a tree until <see cref="HtmlWriter"/> writes them, so that nothing can be left open or unescaped.</summary>
internal static class Tag
{
    /// <summary>An element.</summary>
    /// <param name="name">What it is, and its classes: <c>p.note.wide</c>.</param>
    /// <param name="content">Text, elements, sequences of them, and attributes as pairs; null is nothing.</param>
    public static XElement Of(string name, params object?[] content)
    {
        var parts = name.Split('.');
        var element = new XElement(parts[0]);
        if (parts.Length > 1)
            element.SetAttributeValue("class", string.Join(' ', parts[1..]));
        foreach (var part in content)
        {
            if (part is (string attribute, string value))
                element.SetAttributeValue(attribute, value);
            else
                element.Add(part);
        }
        return element;
    }
}
