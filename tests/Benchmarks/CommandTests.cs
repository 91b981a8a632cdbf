using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Verbs;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>Command lines.</summary>
public sealed class CommandTests
{
    private static IEnumerable<string> Questions =>
        from quick in new[] { true, false }
        from device in new[] { "simd", "cuda", "ilgpu-cpu" }
        from question in ReportCommand.Questions(quick, device)
        select question;

    /// <summary>A report's questions can be asked alone, by the text that it prints.</summary>
    [TestCaseSource(nameof(Questions))]
    public void QuestionsOfReportsCanBeRepeated(string question)
    {
        var asked = AskedQuestion.Parse(question.Split(' '));
        Assert.That(asked.Command, Is.EqualTo($"gpuoptim-bench {question}"));
        Assert.That(AskedQuestion.Parse(CommandLine.Split(asked.Command)).Command, Is.EqualTo(asked.Command));
    }

    [Test]
    public void FilesAreNoPartOfAQuestion()
    {
        var verb = AllVerbs.List.Single(verb => verb.Name == "launch");
        var result = verb.Command.Parse(["--json", "a.json", "--layout", "1x1", "2x2", "--html", "b.html", "--rounds", "2"]);
        Assert.That(CommandLine.Of(result), Is.EqualTo("gpuoptim-bench --layout 1x1 2x2 --rounds 2"));
    }

    [Test]
    public void WordsWithSpacesAreQuoted() =>
        Assert.That(CommandLine.Split(CommandLine.Of(["compare", "--python", "/my folder/python"])), Is.EqualTo(new[] { "compare", "--python", "/my folder/python" }));

    [TestCase("nothing", "A question must be one of compare, throughput, ")]
    [TestCase("", "A question must be one of")]
    [TestCase("throughput --layout 3", "--layout must be COUNTxLENGTH, for instance 1x64M or 1000x1024. Actual value was '3'.")]
    [TestCase("throughput --passes 1", "--passes must be at least 2. Actual value was 1.")]
    [TestCase("throughput --rounds 0", "--rounds must be at least 1. Actual value was 0.")]
    [TestCase("throughput --threads 0", "--threads must be at least 1. Actual value was '0'.")]
    [TestCase("throughput --layout 1x5KM", "--layout must be COUNTxLENGTH")]
    [TestCase("throughput --layout 3x9223372036854M", "--layout must be COUNTxLENGTH")]
    [TestCase("throughput --seconds-each -1", "--seconds-each must be from 0 to 60. Actual value was -1.")]
    [TestCase("newton-schulz --shape 0x3", "--shape must be ROWSxCOLUMNS")]
    [TestCase("training --parameters 0", "--parameters must be at least 1. Actual value was 0.")]
    public void WrongQuestionsAreRefused(string words, string message) =>
        Assert.That(() => AskedQuestion.Parse(words.Split(' ', StringSplitOptions.RemoveEmptyEntries)), Throws.TypeOf<InvalidOperationException>().With.Message.Contains(message));

    /// <summary>The whole way: a question is measured, checked and answered.</summary>
    [TestCase("throughput --layout 1x1000 --threads 1 --passes 2 --rounds 1 --seconds-each 0 --against scalar ilgpu", 18)]
    [TestCase("throughput --layout 2x100 --device ilgpu-cpu --passes 2 --rounds 1 --seconds-each 0 --optimizer adamw --against ilgpu", 3)]
    [TestCase("newton-schulz --shape 32x48 --passes 2 --rounds 1 --seconds-each 0", 5)]
    [TestCase("training --parameters 1000 --passes 2 --rounds 1 --seconds-each 0", 8)]
    [TestCase("checkpoint --parameters 1000 --format async --passes 2 --rounds 1", 4)]
    public void QuestionsAreAnswered(string words, int figures)
    {
        var question = AskedQuestion.Parse(words.Split(' '));
        var report = ReportRun.Measure(question.Command, question.Verb.Common.Plan(question.Arguments), [question]);
        Assert.That(report.Chapters.Single().Races.Single().Figures, Has.Count.EqualTo(figures));
        foreach (var figure in report.Chapters[0].Races[0].Figures)
        {
            Assert.That(figure.Seconds, Has.Length.EqualTo(2));
            Assert.That(figure.Interval.Contains(figure.Median), Is.True);
            Assert.That(figure.Floors.Select(floor => floor.Share), Is.All.GreaterThan(0));
        }
        Assert.That(report.Machine.Cores, Is.EqualTo(Environment.ProcessorCount));
        Assert.That(report.Noise.Gigahertz, Is.InRange(0.1, 10));
    }

    /// <summary>A loop that touches no memory takes about as long as itself.</summary>
    [Test]
    public void TheRegisterLoopRuns() => Assert.That(RegisterLoop.Gigahertz(Enumerable.Range(0, 10).Min(_ => RegisterLoop.Run())), Is.InRange(0.1, 10));
}
