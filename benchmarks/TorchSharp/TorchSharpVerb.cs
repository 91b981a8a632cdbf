using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Rivals;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Benchmarks.Verbs;

namespace GpuOptim.Benchmarks.TorchSharp;

/// <summary>Times our optimizers on TorchSharp's tensors beside TorchSharp's own.</summary>
internal sealed class TorchSharpVerb() : Verb("torchsharp", "What does a step take on TorchSharp's tensors, beside TorchSharp's own optimizers?")
{
    private readonly Option<string[]> _layouts = Layouts();
    private readonly Option<string[]> _optimizers = Contestant.Option([.. Contestant.All.Where(contestant => contestant.Name == "adamw")]);
    private readonly Option<bool> _freshGradients = new("--fresh-gradients") { Description = "Between steps give each tensor a new gradient, as a backward pass does; not timed" };

    public override string? Missing => Libtorch.Failure is { } failure ? $"libtorch must load for this. It did not: {failure}" : null;

    public override IReadOnlyList<Option> Options => [_layouts, _optimizers, _freshGradients];

    public override IEnumerable<Contest> Contests(ParseResult result, Bench bench)
    {
        if (Missing is { } missing)
            throw new InvalidOperationException(missing);
        return
            from threads in bench.Threads
            from layout in result.GetRequiredValue(_layouts)
            from contestant in Contestant.All.Where(contestant => result.GetRequiredValue(_optimizers).Contains(contestant.Name))
            select Create(bench, threads, TensorSet.Parse(layout)!, contestant, result.GetValue(_freshGradients));
    }

    private static Option<string[]> Layouts()
    {
        var layouts = CommonOptions.Many("--layout", $"Tensors, as COUNTxLENGTH, or {TensorSet.Gpt2SmallName}", ["1x16M", "1000x1024", "200x65536", TensorSet.Gpt2SmallName]);
        layouts.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => TensorSet.Parse(token.Value) is null))
                result.AddError($"--layout must be COUNTxLENGTH, for instance 1x16M or 1000x1024, or {TensorSet.Gpt2SmallName}. Actual value was '{token.Value}'.");
        });
        return layouts;
    }

    private static Contest Create(Bench bench, int threads, TensorSet tensors, Contestant contestant, bool freshGradients) => new(
        $"{tensors.Name}, {contestant.Name}, {(freshGradients ? "fresh gradients" : "gradients that stay")}, {bench.On(threads)}",
        new Dictionary<string, string>
        {
            ["layout"] = tensors.Name,
            ["optimizer"] = contestant.Name,
            ["gradients"] = freshGradients ? "fresh" : "stay",
            ["threads"] = threads.ToString(CultureInfo.InvariantCulture),
        },
        scope => Entries(bench, scope, threads, tensors, contestant, freshGradients))
    {
        // Gradients are renewed between steps.
        RunsOnce = true,
    };

    // Compiled once libtorch is known to load.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IReadOnlyList<Entry> Entries(Bench bench, Scope scope, int threads, TensorSet tensors, Contestant contestant, bool freshGradients) =>
        TorchSharpContest.Entries(bench.Simd(threads), scope, tensors, contestant, freshGradients);
}
