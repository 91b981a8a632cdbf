using System.CommandLine;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>An optimizer to time.</summary>
/// <param name="Name">What to call it here and there.</param>
/// <param name="States">How many state tensors it reads and writes.</param>
/// <param name="Flops">Operations of its formula for a parameter: a multiply-add is two, a quotient and a root are one each.</param>
/// <param name="Options">Its options, but for the types.</param>
/// <param name="Formula">What it computes, in double.</param>
internal sealed record Contestant(string Name, int States, int Flops, OptimizerOptions Options, Formula Formula)
{
    public static IReadOnlyList<Contestant> All { get; } =
    [
        new("sgd", 0, 2, new SgdOptions(), (ref p, g, ref _, ref _, _) => p -= 1e-3 * g),
        new("momentum", 1, 4, new SgdOptions { Momentum = 0.9 }, (ref p, g, ref buffer, ref _, step) =>
        {
            buffer = step == 1 ? g : 0.9 * buffer + g;
            p -= 1e-3 * buffer;
        }),
        new("rmsprop", 1, 9, new RmsPropOptions(), (ref p, g, ref square, ref _, _) =>
        {
            square = 0.99 * square + 0.01 * g * g;
            p -= 0.01 * g / (Math.Sqrt(square) + 1e-8);
        }),
        new("adam", 2, 13, new AdamOptions(), Adam),
        new("adamw", 2, 14, new AdamWOptions(), (ref p, g, ref average, ref square, step) =>
        {
            p *= 1 - 1e-3 * 0.01;
            Adam(ref p, g, ref average, ref square, step);
        }),
    ];

    /// <summary>The option that takes optimizers.</summary>
    public static Option<string[]> Option(IReadOnlyList<Contestant> values)
    {
        var optimizers = CommonOptions.Many("--optimizer", "Optimizers", values.Select(contestant => contestant.Name).ToArray());
        optimizers.AcceptOnlyFromAmong([.. All.Select(contestant => contestant.Name)]);
        return optimizers;
    }

    /// <summary>Makes it.</summary>
    public Optimizer Create(IEnumerable<Parameter> parameters, NumberType type) =>
        type.Of(Options).CreateOptimizer(parameters);

    /// <summary>What a step on so many parameters does: parameter and state read and written, gradient read.</summary>
    public Work Work(NumberType type, long elements) =>
        new(elements, elements * type.Traffic(States), elements * (double)Flops);

    private static void Adam(ref double p, double g, ref double average, ref double square, int step)
    {
        average += 0.1 * (g - average);
        square = 0.999 * square + 0.001 * g * g;
        p -= 1e-3 / (1 - Math.Pow(0.9, step)) * average / (Math.Sqrt(square) / Math.Sqrt(1 - Math.Pow(0.999, step)) + 1e-8);
    }
}
