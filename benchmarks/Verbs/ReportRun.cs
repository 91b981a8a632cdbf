using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Results;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>Answers questions, and prints the answers.</summary>
internal static class ReportRun
{
    /// <summary>Measures what verbs ask for. All of it is one run: passes go over all questions.</summary>
    /// <param name="command">What was called.</param>
    /// <param name="plan">How often.</param>
    /// <param name="questions">The verbs.</param>
    public static Report Measure(string command, Plan plan, IReadOnlyList<AskedQuestion> questions)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 160);
        var noise = new NoiseMeter();
        using var benches = new BenchPool();
        var asked = questions.Select(question => (Bench: benches.Open(question), Question: question)).ToArray();
        var contests = asked.Select(each => each.Question.Verb.Contests(each.Question.Arguments, each.Bench).ToArray()).ToArray();
        var machine = MachineReader.Read(asked[0].Bench.Description, asked.SelectMany(each => each.Bench.Rivals));
        AnsiConsole.MarkupLineInterpolated($"[bold]{machine.Device}[/], .NET {Environment.Version}");
        foreach (var rival in machine.Rivals)
            AnsiConsole.MarkupLineInterpolated($"beside {rival}");
        foreach (var missing in asked.SelectMany(each => each.Bench.Missing).Distinct())
            AnsiConsole.MarkupLineInterpolated($"[grey]not there: {missing}[/]");

        IReadOnlyList<Race> races = [];
        IReadOnlyList<string> failures = [];
        AnsiConsole.Status().Start("setting up", status =>
        {
            var arena = new Arena(plan, text => status.Status(Markup.Escape(text)));
            races = arena.Run([.. contests.SelectMany(each => each)]);
            failures = arena.Failures;
        });
        List<Chapter> chapters = [];
        foreach (var (question, own) in questions.Zip(contests))
        {
            chapters.Add(new(question.Verb.Name, question.Verb.Question, question.Command, [.. races.Take(own.Length)]));
            races = [.. races.Skip(own.Length)];
        }
        foreach (var race in chapters.SelectMany(chapter => chapter.Races))
            AnsiConsole.Write(FigureTable.Of(race));
        var report = new Report(DateTimeOffset.Now, command, machine, plan, noise.Read(chapters.SelectMany(chapter => chapter.Races), failures), chapters);
        Print(report.Noise);
        return report;
    }

    private static void Print(Noise noise)
    {
        AnsiConsole.MarkupLineInterpolated($"clock {noise.Gigahertz:F2} GHz ± {noise.ClockSpread:P1}{(noise.StolenShare is { } stolen ? $"; stolen by the host {stolen:P1}" : "")}");
        foreach (var warning in noise.Warnings)
            AnsiConsole.MarkupLineInterpolated($"[yellow]{warning}[/]");
    }
}
