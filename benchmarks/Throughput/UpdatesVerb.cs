using System.CommandLine;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Verbs;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>Times optimizers on given tensors beside a copy, a triad and a divider on as much memory.</summary>
/// <param name="name">The command.</param>
/// <param name="question">What it asks.</param>
/// <param name="layouts">The tensors, if nothing else is said.</param>
internal abstract class UpdatesVerb(string name, string question, params string[] layouts) : Verb(name, question)
{
    private readonly Option<string[]> _layouts = Layout.Option(layouts);
    private readonly Option<string[]> _types = NumberType.Option(NumberType.Float32.Name);
    private readonly Option<string[]> _optimizers = Contestant.Option(Contestant.Usual);
    private readonly Option<bool> _apart = new("--apart") { Description = "Give each tensor memory of its own; else they lie one behind the other" };

    public override IReadOnlyList<Option> Options => [_layouts, _types, _optimizers, _apart];

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
