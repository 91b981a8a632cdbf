using System.Text.RegularExpressions;
using System.Xml.Linq;
using GpuOptim.Benchmarks.Distributed.Model;
using GpuOptim.Benchmarks.Precision;

namespace GpuOptim.Tests;

/// <summary>What documents show, shows everywhere, and what they count is there.</summary>
public sealed partial class DocsTests
{
    private static string Folder => TestContext.CurrentContext.TestDirectory;

    [Test]
    public void TheReadmeCountsTheRecordings()
    {
        var text = File.ReadAllText(Path.Combine(Folder, "docs", "README.md"));
        var counts = Counts().Match(text);
        Assert.That(counts.Success, Is.True);
        int[] numbers = [.. counts.Groups.Values.Skip(1).Select(group => int.Parse(group.Value))];
        Assert.That(Directory.GetFiles(Path.Combine(Folder, "Golden"), "*.safetensors"), Has.Length.EqualTo(numbers[..3].Sum()));
        Assert.That(Directory.GetFiles(Path.Combine(Folder, "Golden", "NewtonSchulz"), "*.safetensors"), Has.Length.EqualTo(numbers[3]));
    }

    /// <summary>Desktop viewers and converters know attributes, not variables of style sheets: there the picture was black.</summary>
    [TestCase("mnist.svg")]
    [TestCase("torchsharp.svg")]
    [TestCase("distributed.svg")]
    [TestCase("precision.svg")]
    [TestCase("optimizers.svg")]
    public void ThePictureNeedsNoStyleSheet(string name)
    {
        var text = File.ReadAllText(Path.Combine(Folder, "docs", name));
        Assert.That(text, Does.Not.Contain("var("));
        var svg = XDocument.Parse(text).Root!;
        Assert.That(svg.Attribute("fill")!.Value, Does.StartWith("#"));
        foreach (var line in svg.Descendants().Where(element => element.Name.LocalName is "polyline" or "path"))
            Assert.That(line.Attribute("stroke")?.Value, Does.StartWith("#"), $"{line}");
    }

    /// <summary>Estimates are what the command prints and draws.</summary>
    [Test]
    public void EstimatesAreThoseOfTheCommand()
    {
        var text = File.ReadAllText(Path.Combine(Folder, "docs", "distributed.md"));
        foreach (var line in DistributedModelCommand.Lines(Cluster.H100))
            Assert.That(text, Does.Contain(line));
        Assert.That(File.ReadAllText(Path.Combine(Folder, "docs", "distributed.svg")).ReplaceLineEndings("\n"), Is.EqualTo(Picture.Of(ModelChart.Of(Cluster.H100))));
    }

    /// <summary>Bytes are what the command counts.</summary>
    [Test]
    public void BytesAreThoseOfTheCommand()
    {
        var text = File.ReadAllText(Path.Combine(Folder, "docs", "memory.md"));
        foreach (var line in MemoryCommand.Lines())
            Assert.That(text, Does.Contain(line));
    }

    [GeneratedRegex(@"repeat (\d+) recorded runs of `torch\.optim` 2\.13 on the CPU, (\d+) of 2\.14, (\d+) of its fused implementations, and (\d+) of its Newton-Schulz")]
    private static partial Regex Counts();
}
