using GpuOptim.Benchmarks.Comparison;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>What is named as changed between two reports.</summary>
public sealed class ComparisonTests : FolderTest
{
    private const double Noise = 0.01;

    [Test]
    public void NothingIsNamedIfNothingChanged()
    {
        var comparison = ReportComparison.Of(Report(1), Report(2));
        Assert.That(comparison.Regressions, Is.Empty);
        Assert.That(comparison.Agreement, Is.GreaterThanOrEqualTo(0.95));
        Assert.That(comparison.Missing, Is.Empty);
        Assert.That(comparison.Changes, Has.Count.EqualTo(60));
    }

    [Test]
    public void ATenthIsNamed()
    {
        var comparison = ReportComparison.Of(Report(1), Report(2, slow: "adamw", by: 1.1));
        Assert.That(comparison.Regressions.Select(change => change.Key.Subject), Is.All.EqualTo("adamw"));
        Assert.That(comparison.Regressions, Has.Count.EqualTo(20));
        Assert.That(comparison.Regressions[0].Ratio, Is.EqualTo(1.1).Within(0.03));
    }

    /// <summary>What becomes faster is no regression.</summary>
    [Test]
    public void FasterIsNotSlower()
    {
        var comparison = ReportComparison.Of(Report(1), Report(2, slow: "adamw", by: 0.8));
        Assert.That(comparison.Regressions, Is.Empty);
        Assert.That(comparison.Changes.Count(change => change.Verdict == Verdict.Faster), Is.EqualTo(20));
    }

    /// <summary>A machine that is slower as a whole is not the library's fault.</summary>
    [Test]
    public void ASlowMachineIsNotNamed() => Assert.That(ReportComparison.Of(Report(1), Report(2, machine: 1.5)).Regressions, Is.Empty);

    /// <summary>Rivals that become slower are not ours.</summary>
    [Test]
    public void RivalsAreNoRegressions() => Assert.That(ReportComparison.Of(Report(1), Report(2, slow: "rival", by: 2)).Regressions, Is.Empty);

    /// <summary>The exit code says whether anything of ours is slower.</summary>
    [TestCase("adamw", 1.1, 1)]
    [TestCase("adamw", 0.9, 0)]
    [TestCase("rival", 2, 0)]
    public void TheExitCodeSaysSo(string slow, double by, int code)
    {
        string Write(string name, Report report)
        {
            var path = Path.Combine(Folder, name);
            ReportFile.Write(path, report);
            return path;
        }
        Assert.That(Commands.Run(["compare-to", Write("before.json", Report(1)), "--with", Write("after.json", Report(2, slow, by))]), Is.EqualTo(code));
    }

    [Test]
    public void FiguresThatAreGoneAreNamed()
    {
        var after = Report(2);
        after = after with { Chapters = [after.Chapters[0] with { Races = [.. after.Chapters[0].Races.Skip(1)] }] };
        Assert.That(ReportComparison.Of(Report(1), after).Missing, Has.Count.EqualTo(3));
    }

    /// <summary>Twenty races of a yardstick, of one of ours and a rival.</summary>
    private static Report Report(int seed, string slow = "", double by = 1, double machine = 1)
    {
        var random = new Random(seed);
        double[][] Seconds(double typical, double[][] weather) => Statistics.Zip(
            weather,
            [.. weather.Select(pass => pass.Select(_ => Math.Exp(Noise * (random.NextDouble() - 0.5) * 2)).ToArray())],
            (weather, own) => typical * weather * own * machine);
        Figure Figure(string subject, string who, double[][] seconds, params Floor[] floors) =>
            new(subject, who, new(1), seconds, Statistics.Median(seconds), Statistics.Interval(seconds), floors, null);
        var races = Enumerable.Range(0, 20).Select(i =>
        {
            // What slows all of a round.
            double[][] weather = [.. Enumerable.Range(0, 5).Select(_ => Enumerable.Range(0, 3).Select(_ => Math.Exp(0.2 * random.NextDouble())).ToArray())];
            return new Race($"race {i}", new Dictionary<string, string> { ["layout"] = $"{i}" }, Seconds(1e-4, weather),
            [
                Figure("triad", GpuOptim.Benchmarks.Results.Figure.Yardstick, Seconds(1e-3, weather)),
                Figure("adamw", GpuOptim.Benchmarks.Results.Figure.Ours, Seconds(2e-3 * (slow == "adamw" ? by : 1), weather), new Floor("triad", 1e-3, 0.5, "")),
                Figure("adamw", "rival", Seconds(8e-3 * (slow == "rival" ? by : 1), weather)),
            ]);
        });
        return new(
            DateTimeOffset.UnixEpoch, "", new("", 2, [], 0, [], "", "", "", "", []), new(5, 3, 0, CacheState.Kept), new(1, 0, null, null, []),
            [new("throughput", "", "", [.. races])]);
    }
}
