using System.Xml.Linq;

namespace GpuOptim.Tests;

/// <summary>What documents show, shows everywhere.</summary>
public sealed class DocsTests
{
    /// <summary>Desktop viewers and converters know attributes, not variables of style sheets: there the picture was black.</summary>
    [TestCase("mnist.svg")]
    [TestCase("torchsharp.svg")]
    public void ThePictureNeedsNoStyleSheet(string name)
    {
        var text = File.ReadAllText(Path.Combine(TestContext.CurrentContext.TestDirectory, "docs", name));
        Assert.That(text, Does.Not.Contain("var("));
        var svg = XDocument.Parse(text).Root!;
        Assert.That(svg.Attribute("fill")!.Value, Does.StartWith("#"));
        foreach (var line in svg.Descendants().Where(element => element.Name.LocalName is "polyline" or "path"))
            Assert.That(line.Attribute("stroke")?.Value, Does.StartWith("#"), $"{line}");
    }
}
