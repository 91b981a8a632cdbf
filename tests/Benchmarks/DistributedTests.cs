using GpuOptim.Benchmarks.Distributed;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Tests.Distributed.Mpi;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>The question that starts ranks of its own.</summary>
public sealed class DistributedTests
{
    [Test]
    public void RanksAreTimedAndTheirBytesCompared()
    {
        MpiRun.Launcher("openmpi");
        foreach (var name in (string[])["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"])
            Environment.SetEnvironmentVariable(name, "1");
        var question = AskedQuestion.Parse("distributed --ranks 1 2 --tensors 3 --order 40 --bucket-bytes 8192 --passes 2 --rounds 1 --seconds-each 0".Split(' '));
        var report = ReportRun.Measure(question.Command, question.Verb.Common.Plan(question.Arguments), [question]);
        var races = report.Chapters.Single().Races;
        Assert.That(races.Select(race => race.Setting["ranks"]), Is.EqualTo(new[] { "1", "2" }));
        foreach (var race in races)
        {
            Assert.That(race.Figures, Has.Count.EqualTo(5));
            Assert.That(race.Figures.Select(figure => figure.Median), Is.All.GreaterThan(0));
            Assert.That(race.Figures.Skip(1).Select(figure => figure.Check), Is.All.EndsWith("bytes sent by a rank, as the formula says"));
        }
    }

    [TestCase("no-such-launcher", "There is no 'no-such-launcher' on the path.")]
    [TestCase("dotnet no-such-command", "2 ranks must run under the launcher. They ended with ")]
    [TestCase(" ", "--launcher must name a program.")]
    public void LaunchersThatDoNotLaunchAreRefused(string launcher, string message)
    {
        var question = AskedQuestion.Parse(["distributed", "--ranks", "2", "--tensors", "1", "--order", "8", "--launcher", launcher, "--passes", "2", "--rounds", "1"]);
        Assert.That(() => ReportRun.Measure(question.Command, question.Verb.Common.Plan(question.Arguments), [question]), Throws.InvalidOperationException.With.Message.Contains(message));
    }

    /// <summary>By hand: 1000 floats on 4 ranks.</summary>
    [TestCase("adamw:1:ordered", 3 * 1000 * 8 + 4 * 3 * 24)]
    [TestCase("muon:1:free", 3 * 1000 * 6 + 4 * 3 * 24)]
    [TestCase(":0:ordered", 3 * 1000 * 8)]
    public void TheFormulaCountsAllRanks(string job, long bytes) => Assert.That(ShardedJob.Parse(job).BytesOfAll(4, 1000), Is.EqualTo(bytes));
}
