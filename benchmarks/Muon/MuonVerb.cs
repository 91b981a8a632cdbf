using System.CommandLine;
using System.Globalization;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.NewtonSchulz;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Host;
using GpuOptim.Kernels;

namespace GpuOptim.Benchmarks.Muon;

/// <summary>Times a step of Muon on all the matrices of a model.</summary>
internal sealed class MuonVerb() : Verb("muon", "How long does a step of Muon take on all the matrices of a model?")
{
    private const int Steps = 5;

    /// <summary>100 small matrices, 64 to 256 rows and columns; and two layers of a small transformer.</summary>
    private static readonly Dictionary<string, Shape[]> _models = new()
    {
        ["small"] = [.. Enumerable.Range(0, 100).Select(i => new Shape(64 * (1 + i % 4), 64 * (1 + i / 4 % 4)))],
        ["transformer"] = [.. Enumerable.Repeat(new[] { new Shape(512, 512), new(512, 512), new(512, 512), new(512, 512), new(2048, 512), new(512, 2048) }, 2).SelectMany(layer => layer)],
    };

    private readonly Option<string[]> _model = Model();

    public override IReadOnlyList<Option> Options => [_model];

    public override IEnumerable<Contest> Contests(ParseResult result, Bench bench) =>
        from threads in bench.Threads
        from name in result.GetRequiredValue(_model)
        select Create(bench, threads, name, _models[name]);

    private static Option<string[]> Model()
    {
        var model = CommonOptions.Many("--model", "Matrices: small is 100 from 64 x 64 to 256 x 256, transformer two layers of width 512", _models.Keys.ToArray());
        model.AcceptOnlyFromAmong([.. _models.Keys]);
        return model;
    }

    private static Contest Create(Bench bench, int threads, string name, Shape[] shapes) => new(
        $"{name}: {shapes.Length} matrices, {bench.On(threads)}",
        new Dictionary<string, string>
        {
            ["device"] = bench.DeviceName,
            ["model"] = name,
            ["threads"] = threads.ToString(CultureInfo.InvariantCulture),
        },
        scope =>
        {
            Device device = bench.Accelerator is { } accelerator ? accelerator.Device : bench.Simd(threads);
            var peak = Peak.Of(bench, threads, scope, new NewtonSchulzOptions().WorkTypeOf(NewtonSchulzMethod.Standard));
            var random = new Random(1);
            var parameters = shapes.Select((shape, i) => scope.Keep(device.CreateParameter<float>($"w{i}", [shape.Rows, shape.Columns], Numbers(random, shape)))).ToArray();
            foreach (var (parameter, shape) in parameters.Zip(shapes))
                parameter.Gradient.CopyFrom(Numbers(random, shape));
            var muon = scope.Keep(new Optimizers.Muon(parameters));
            var work = new Work(shapes.Sum(shape => (long)shape.Rows * shape.Columns), 0, Steps * shapes.Sum(shape => shape.StepFlops), Steps * shapes.Sum(shape => shape.DenseStepFlops));
            return
            [
                .. peak is null ? [] : new[] { peak },
                new("muon", Figure.Ours, bench.Timed(muon.Step), work)
                {
                    Floors = peak is null ? [] : [FloorRule.OfFlops(peak, work)],
                    Check = () => MuonCheck.Run(parameters, shapes, muon),
                },
                .. bench.Accelerator is null ? [] : new[] { new Entry("muon, host", Figure.Ours, bench.Accelerator.Host(muon.Step), new()) },
                .. MatrixRivals.Of(bench, threads, scope, "muon", type => $"muon {type} {string.Join(' ', shapes.Select(shape => $"{shape.Rows}x{shape.Columns}"))}", work.DenseFlops),
            ];
        });

    private static float[] Numbers(Random random, Shape shape) =>
        [.. Enumerable.Range(0, shape.Rows * shape.Columns).Select(_ => (random.NextSingle() + 0.1f) * (random.Next(2) == 0 ? 1 : -1))];
}
