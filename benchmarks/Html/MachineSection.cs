using System.Xml.Linq;
using GpuOptim.Benchmarks.Html.Charts;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>What was measured on, how often, and how still it was.</summary>
internal static class MachineSection
{
    /// <summary>Whether figures can be believed, and what speaks against it.</summary>
    public static XElement Noise(Report report)
    {
        var noise = report.Noise;
        var isStill = noise.Warnings.Count == 0;
        List<string> facts = [$"A loop in registers, which no neighbour's memory traffic can slow, varied by ±{Text.Percent(noise.ClockSpread)} from round to round."];
        if (noise.StolenShare is { } stolen)
            facts.Add($"The host gave {Text.Percent(stolen)} of the machine's time to others.");
        if (noise.Load is { } load)
            facts.Add($"{Text.Number(load, 1)} threads were runnable when the run began.");
        return Tag.Of(
            isStill ? "section.noise.still" : "section.noise.unquiet",
            ("aria-label", "Noise"),
            Tag.Of("p", Tag.Of("strong", isStill ? "✓ The machine was still." : "⚠ The machine was not still."), isStill ? "" : " Compare ratios within a race rather than single figures.", " ", string.Join(' ', facts)),
            noise.Warnings.Count == 0 ? null : Tag.Of("ul", noise.Warnings.Select(warning => Tag.Of("li", warning))));
    }

    /// <summary>The same round by round; nothing if it was not measured.</summary>
    public static XElement? Clock(Report report)
    {
        var clocks = report.Races().Select(entry => entry.Race.Clock.SelectMany(pass => pass).Where(seconds => Measures.Positive(seconds) is not null).ToArray()).ToArray();
        var fastest = clocks.SelectMany(seconds => seconds).DefaultIfEmpty().Min();
        double[] slower = [.. clocks.SelectMany(seconds => seconds).Select(seconds => seconds / fastest - 1).Where(double.IsFinite)];
        return slower.Length < 2 ? null : Tag.Of("div.charts", new ClockChart
        {
            Title = "How still the machine was",
            Subtitle = "The same loop in registers runs in each round. What its time varies by, the machine does.",
            Slower = slower,
        }.ToFigure("clock"));
    }

    /// <summary>The machine.</summary>
    public static XElement Facts(Report report)
    {
        var (machine, plan) = (report.Machine, report.Plan);
        (string Name, string Value)[] facts =
        [
            ("Processor", $"{machine.Processor}, {Text.Plural(machine.Cores, "core", "cores")}{(report.Noise.Gigahertz > 0 ? $", {Text.Number(report.Noise.Gigahertz)}\u00A0GHz" : "")}"),
            ("Vectors", string.Join(", ", machine.VectorBits.Select(bits => $"{bits}")) + (machine.VectorBits.Count > 0 ? "\u00A0bits" : "")),
            ("Caches", string.Join(", ", machine.Caches.Select(cache => $"{cache.Name}\u00A0{Text.Bytes(cache.Bytes)}{(cache.Sharers > 1 ? $" for {cache.Sharers} cores" : "")}"))),
            ("Memory", machine.MemoryBytes > 0 ? Text.Bytes(machine.MemoryBytes) : ""),
            ("System", machine.System),
            ("Runtime", machine.Runtime),
            ("GpuOptim", machine.Library),
            ("Rivals", string.Join(", ", machine.Rivals)),
            ("Measured", $"{Text.Plural(plan.Passes, "pass", "passes")} of {Text.Plural(plan.Rounds, "round", "rounds")}, {Text.Tick(Math.Round(plan.SecondsEach * 1e3, 3))}\u00A0ms each, caches {(plan.Cache == CacheState.Kept ? "kept warm" : "flushed")}"),
        ];
        return Tag.Of("dl.facts", facts.Where(fact => fact.Value.Length > 0).Select(fact => Tag.Of("div", Tag.Of("dt", fact.Name), Tag.Of("dd", fact.Value))));
    }
}
