using System.Text.Json;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>Reports as files.</summary>
public sealed class ReportFileTests : FolderTest
{
    private static readonly Report _report = new(
        new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero),
        "gpuoptim-bench throughput",
        new("a processor", 2, [new("L1", 32768, 1)], 1L << 34, [256, 128], "a system", ".NET", "0.1.0", "CPU", ["PyTorch"]),
        new(2, 1, 0.05, CacheState.Flushed),
        new(3.2, 0.01, null, 0.5, ["noisy"]),
        [
            new("throughput", "How fast?", "gpuoptim-bench throughput", [
                new("a race", new Dictionary<string, string> { ["layout"] = "1x1M" }, [[1e-4], [2e-4]],
                [
                    new("adamw", Figure.Ours, new(1_000_000, 28e6, 15e6), [[1e-3], [2e-3]], 1.5e-3, new(1e-3, 2e-3), [new("triad", 1e-3, 0.7, "28 bytes")], "formula"),
                ]),
            ]),
        ]);

    private string Path => System.IO.Path.Combine(Folder, "report.json");

    [Test]
    public void WhatIsWrittenIsRead()
    {
        ReportFile.Write(Path, _report);
        Assert.That(JsonSerializer.Serialize(ReportFile.Read(Path)), Is.EqualTo(JsonSerializer.Serialize(_report)));
    }

    /// <summary>Names are part of the schema: others read them.</summary>
    [Test]
    public void NamesAreTheSchemas()
    {
        ReportFile.Write(Path, _report);
        using var document = JsonDocument.Parse(File.ReadAllText(Path));
        Assert.That(Names(document.RootElement).Distinct(), Is.EqualTo(new[]
        {
            "schema", "version", "created", "command",
            "machine", "processor", "cores", "caches", "name", "bytes", "sharers", "memoryBytes", "vectorBits", "system", "runtime", "library", "device", "rivals",
            "plan", "passes", "rounds", "secondsEach", "cache",
            "noise", "gigahertz", "clockSpread", "stolenShare", "load", "warnings",
            "chapters", "verb", "question", "races", "setting", "layout", "clock", "figures",
            "subject", "by", "work", "elements", "flops", "denseFlops", "seconds", "median", "interval", "low", "high", "floors", "share", "from", "check",
        }));
        Assert.That(document.RootElement.GetProperty("schema").GetString(), Is.EqualTo("gpuoptim-bench"));
        Assert.That(document.RootElement.GetProperty("version").GetInt32(), Is.EqualTo(1));
    }

    [TestCase("""{"schema":"gpuoptim-bench","version":2}""", "The version of * must be 1. Actual value was 2")]
    [TestCase("""{"schema":"gpuoptim-bench"}""", "The version of * must be 1. Actual value was none")]
    [TestCase("""{"schema":"other","version":1}""", "must be a report of these benchmarks")]
    [TestCase("[]", "must be a report of these benchmarks")]
    [TestCase("""{"schema":"gpuoptim-bench","version":1}""", "cannot be read")]
    [TestCase("{", "cannot be read")]
    [TestCase("", "cannot be read")]
    public void OtherFilesAreRefused(string text, string message)
    {
        File.WriteAllText(Path, text);
        Assert.That(() => ReportFile.Read(Path), Throws.TypeOf<InvalidOperationException>().With.Message.Contains(message.Replace("*", Path, StringComparison.Ordinal)));
    }

    /// <summary>What cannot have been measured is not compared with.</summary>
    [TestCase("[[0.001],[0.002]]", "[[0.001]]")]
    [TestCase("[[0.001],[0.002]]", "[[0.001],[]]")]
    [TestCase("[[0.001],[0.002]]", "[[0.001],null]")]
    [TestCase("[[0.001],[0.002]]", "[[0.001],[-1]]")]
    [TestCase("[[0.001],[0.002]]", "[[0.001],[0]]")]
    [TestCase("\"passes\":2", "\"passes\":0")]
    public void DamagedNumbersAreRefused(string what, string by)
    {
        ReportFile.Write(Path, _report with { Plan = new(2, 1, 0.05, CacheState.Kept) });
        Assert.That(ReportFile.Read(Path).Plan.Passes, Is.EqualTo(2));
        var text = File.ReadAllText(Path);
        Assert.That(text, Does.Contain(what));
        File.WriteAllText(Path, text.Replace(what, by, StringComparison.Ordinal));
        Assert.That(() => ReportFile.Read(Path), Throws.TypeOf<InvalidOperationException>().With.Message.Contains(Path));
    }

    [Test]
    public void AFileThatIsNotThereIsRefused() => Assert.That(() => ReportFile.Read(Path), Throws.TypeOf<InvalidOperationException>().With.Message.Contains(Path));

    private static IEnumerable<string> Names(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Names(property.Value).Prepend(property.Name)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Names),
        _ => [],
    };
}
