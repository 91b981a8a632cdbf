using System.CommandLine;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Verbs;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Comparison;

/// <summary>Measures again what a report measured, and names what changed beyond the noise.</summary>
internal static class CompareToCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("base") { Description = "The JSON file of a report" };
        var with = new Option<FileInfo?>("--with") { Description = "The JSON file of a later report; else all of the first is measured again, by its own commands" };
        var json = new Option<FileInfo?>(CommonOptions.JsonName) { Description = "Write what is measured again to this file" };
        var command = new Command("compare-to", "Has anything become slower? Names what did beyond the noise; then the exit code is 1, and 2 if it cannot tell") { file, with, json };
        command.SetAction(result =>
        {
            var before = ReportFile.Read(result.GetRequiredValue(file).FullName);
            var after = result.GetValue(with) is { } other ? ReportFile.Read(other.FullName) : Repeat(before);
            if (result.GetValue(json) is { } output)
                ReportFile.Write(output.FullName, after);
            return Print(before, after);
        });
        return command;
    }

    private static Report Repeat(Report before) =>
        ReportRun.Measure(before.Command, before.Plan, [.. before.Chapters.Select(chapter => AskedQuestion.Parse(CommandLine.Split(chapter.Command))).Where(question => question.Verb.Missing is null)]);

    private static int Print(Report before, Report after)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 160);
        if (Hardware(before.Machine) != Hardware(after.Machine))
            AnsiConsole.MarkupLine("[yellow]The machines differ: what follows says little about the library.[/]");
        var comparison = ReportComparison.Of(before, after);
        if (comparison.Changes.Count == 0)
            throw new InvalidOperationException("The two reports must have figures in common. They have none.");
        var changed = comparison.Changes.Where(change => change.Verdict != Verdict.Same).OrderByDescending(change => change.Ratio).ToArray();
        if (changed.Length > 0)
        {
            var table = new Table().Border(TableBorder.Rounded).AddColumn("").AddColumn(new TableColumn("takes").RightAligned().NoWrap()).AddColumn(new TableColumn("95 %").RightAligned().NoWrap()).AddColumn("");
            foreach (var change in changed)
            {
                var ours = change.Key.By == Figure.Ours;
                table.AddRow(
                    Markup.Escape($"{change.Key}"),
                    $"× {change.Ratio:F3}",
                    $"{change.Interval.Low:F3} .. {change.Interval.High:F3}",
                    !ours ? "[grey]not ours[/]" : change.Verdict == Verdict.Slower ? "[red]slower[/]" : "[green]faster[/]");
            }
            AnsiConsole.Write(table);
        }
        foreach (var key in comparison.Missing)
            AnsiConsole.MarkupLineInterpolated($"[yellow]not measured again: {key}[/]");
        foreach (var warning in before.Noise.Warnings.Select(warning => $"before: {warning}").Concat(after.Noise.Warnings.Select(warning => $"now: {warning}")))
            AnsiConsole.MarkupLineInterpolated($"[yellow]{warning}[/]");
        AnsiConsole.WriteLine($"{comparison.Changes.Count(change => change.Agree)} of {comparison.Changes.Count} figures agree: their intervals overlap ({comparison.Agreement:P0}); {comparison.Regressions.Count} of ours are slower by more than {Change.Margin:P0}.");
        return comparison.Regressions.Count > 0 ? 1 : 0;

        // Lists are compared by what they are, not by what they hold.
        static Machine Hardware(Machine machine) => machine with { Library = "", Rivals = [], Caches = [], VectorBits = [] };
    }
}
