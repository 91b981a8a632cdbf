using System.CommandLine;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Verbs;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>Times every optimizer on given tensors beside a copy, a triad and a divider on as much memory.</summary>
internal class ThroughputVerb(string name, string question, string[] layouts, string[] types) : Verb(name, question)
{
    private readonly Option<string[]> _layouts = Layout.Option(layouts);
    private readonly Option<string[]> _types = NumberType.Option(types);
    private readonly Option<string[]> _optimizers = Contestant.Option(Contestant.All);
    private readonly Option<bool> _apart = new("--apart") { Description = "Give each tensor memory of its own; else they lie one behind the other" };

    public ThroughputVerb()
        : this(
            "throughput",
            "How long does an update take, and how much of what memory and arithmetic can do is that?",
            ["1x1K", "1x4K", "1x32K", "1x256K", "1x1M", "1x4M", "1x16M", "1x64M"],
            ["float32"])
    {
    }

    public override IReadOnlyList<Option> Options => [_layouts, _types, _optimizers, _apart];

    public override IReadOnlyList<int> Threads => [.. new[] { 1, Environment.ProcessorCount }.Distinct()];

    public override IEnumerable<Contest> Contests(ParseResult result, Bench bench)
    {
        var contestants = Contestant.All.Where(contestant => result.GetRequiredValue(_optimizers).Contains(contestant.Name)).ToArray();
        return
            from threads in bench.Threads
            from type in NumberType.All.Where(type => result.GetRequiredValue(_types).Contains(type.Name))
            from layout in result.GetRequiredValue(_layouts)
            select UpdateContest.Create(bench, new(Layout.Parse(layout)!, type, contestants, threads, result.GetValue(_apart)));
    }
}
