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
/// <param name="Formula">What it computes, in double; null for one that measures whole tensors, which the tests hold.</param>
internal sealed record Contestant(string Name, int States, int Flops, OptimizerOptions Options, Formula? Formula)
{
    /// <summary>Whether its tensors are matrices, as its state is of rows and columns.</summary>
    public bool TakesMatrices { get; private init; }

    /// <summary>Those that are timed unless others are asked for.</summary>
    public static IReadOnlyList<Contestant> Usual { get; } =
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

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Contestant> All { get; } =
    [
        .. Usual,
        new("nadam", 2, 16, new NAdamOptions(), NAdam),
        // As long as its average of squares is worth too few to divide by.
        new("radam", 2, 16, new RAdamOptions(), (ref p, g, ref average, ref square, step) =>
        {
            average += 0.1 * (g - average);
            square = 0.999 * square + 0.001 * g * g;
            p -= 1e-3 / (1 - Math.Pow(0.9, step)) * average;
        }),
        new("adamax", 2, 10, new AdamaxOptions(), (ref p, g, ref average, ref largest, step) =>
        {
            average += 0.1 * (g - average);
            largest = Math.Max(0.999 * largest, Math.Abs(g) + 1e-8);
            p -= 2e-3 / (1 - Math.Pow(0.9, step)) * average / largest;
        }),
        new("lion", 1, 9, new LionOptions(), (ref p, g, ref average, ref _, _) =>
        {
            p -= 1e-4 * Math.Sign(0.9 * average + 0.1 * g);
            average = 0.99 * average + 0.01 * g;
        }),
        new("adagrad", 1, 7, new AdagradOptions(), (ref p, g, ref sum, ref _, _) =>
        {
            sum += g * g;
            p -= 0.01 * g / (Math.Sqrt(sum) + 1e-10);
        }),
        new("adadelta", 2, 16, new AdadeltaOptions(), (ref p, g, ref square, ref steps, _) =>
        {
            square = 0.9 * square + 0.1 * g * g;
            var delta = Math.Sqrt(steps + 1e-6) / Math.Sqrt(square + 1e-6) * g;
            steps = 0.9 * steps + 0.1 * delta * delta;
            p -= delta;
        }),
        new("asgd", 1, 3, new AsgdOptions(), (ref p, g, ref mean, ref _, step) =>
        {
            var eta = 0.01 / Math.Pow(1 + 1e-4 * 0.01 * (step - 1), 0.75);
            p = p * (1 - 1e-4 * eta) - eta * g;
            mean = p;
        }),
        new("rprop", 2, 7, new RpropOptions(), (ref p, g, ref before, ref size, step) =>
        {
            size = step == 1 ? 0.01 : Math.Clamp(size * (g * before > 0 ? 1.2 : 0.5), 1e-6, 50);
            before = g * before < 0 ? 0 : g;
            p -= size * Math.Sign(before);
        }),
        new("lamb", 2, 20, new LambOptions(), null),
        new("adafactor", 0, 13, new AdafactorOptions(), null) { TakesMatrices = true },
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

    /// <summary>The shape of a tensor of so many numbers: a matrix has as many columns as rows, or fewer, by powers of two.</summary>
    public long[] Shape(long length)
    {
        var columns = 1L;
        while (4 * columns * columns <= length && length % (2 * columns) == 0)
            columns *= 2;
        return TakesMatrices ? [length / columns, columns] : [length];
    }

    /// <summary>What a step on so many parameters does: parameter and state read and written, gradient read.</summary>
    public Work Work(NumberType type, long elements) =>
        new(elements, elements * type.Traffic(States), elements * (double)Flops);

    private static void NAdam(ref double p, double g, ref double average, ref double square, int step)
    {
        average += 0.1 * (g - average);
        square = 0.999 * square + 0.001 * g * g;
        var (product, power, decay) = (1.0, 1.0, Math.Pow(0.96, 4e-3));
        // What is subtracted from 1 matters only as long as it is not tiny.
        for (var i = 1; i <= step && product > 1e-17; i++)
            product *= 0.9 * (1 - 0.5 * (power *= decay));
        double momentum = 0.9 * (1 - 0.5 * Math.Pow(0.96, step * 4e-3)), next = 0.9 * (1 - 0.5 * Math.Pow(0.96, (step + 1) * 4e-3));
        var denominator = Math.Sqrt(square / (1 - Math.Pow(0.999, step))) + 1e-8;
        p -= 2e-3 * ((1 - momentum) / (1 - product) * g + next / (1 - product * next) * average) / denominator;
    }

    private static void Adam(ref double p, double g, ref double average, ref double square, int step)
    {
        average += 0.1 * (g - average);
        square = 0.999 * square + 0.001 * g * g;
        p -= 1e-3 / (1 - Math.Pow(0.9, step)) * average / (Math.Sqrt(square) / Math.Sqrt(1 - Math.Pow(0.999, step)) + 1e-8);
    }
}
