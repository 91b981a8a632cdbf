using System.Globalization;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Convergence;

/// <summary>How all contenders did at a task.</summary>
/// <param name="Task">The task.</param>
/// <param name="Standings">In the order of contenders: AdamW first.</param>
internal sealed record TaskResult(LearningTask Task, IReadOnlyList<Standing> Standings)
{
    /// <summary>Seconds of a forward and backward pass, which is the same for all.</summary>
    public double NetworkSeconds { get; } = Standing.Median(Standings.SelectMany(standing => standing.Trials).SelectMany(runs => runs).SelectMany(run => run.NetworkSeconds));

    /// <summary>What AdamW ends with, which the others may reach before.</summary>
    public double Goal => Standings[0].FinalLoss;

    /// <summary>Seconds of a whole step.</summary>
    public double StepSeconds(Standing standing) => NetworkSeconds + standing.OptimizerSeconds;

    /// <summary>A table as documents have them.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"| {Task.Name} | rate: loss | loss | spread | accuracy | steps to AdamW's loss | ms a step: network + optimizer | seconds to AdamW's loss |";
        yield return "|---|---|--:|--:|--:|--:|--:|--:|";
        foreach (var standing in Standings)
        {
            var steps = standing.StepsTo(Goal);
            string[] cells =
            [
                standing.Contender.Name,
                string.Join(", ", standing.Contender.Rates.Zip(standing.Losses, (rate, loss) => rate == standing.Rate ? $"**{Rate(rate, loss)}**" : Rate(rate, loss))),
                Text.Number(standing.FinalLoss, 4),
                Text.Number(standing.Spread, 4),
                $"{Text.Number(standing.Accuracy * 100, 1)} %",
                steps?.ToString(CultureInfo.InvariantCulture) ?? "never",
                $"{Text.Number(NetworkSeconds * 1e3, 2)} + {Text.Number(standing.OptimizerSeconds * 1e3, 2)}",
                steps is { } known ? Text.Number(known * StepSeconds(standing), 2) : "never",
            ];
            yield return $"| {string.Join(" | ", cells)} |";
        }
    }

    private static string Rate(double rate, double loss) => $"{Text.Tick(rate)}: {(double.IsFinite(loss) ? Text.Number(loss, 3) : "breaks down")}";
}
