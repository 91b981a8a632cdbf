using System.CommandLine;
using System.Globalization;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Results;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Simd.Matrix;

namespace GpuOptim.Benchmarks.NewtonSchulz;

/// <summary>Times Newton-Schulz and its products beside the processor's peak of multiply-adds.</summary>
internal sealed class NewtonSchulzVerb() : Verb("newton-schulz", "How fast are matrices orthogonalized, and how much of the peak of multiply-adds is that?")
{
    private readonly Option<string[]> _shapes = Shape.Option("1024x1024", "2048x2048", "512x2048", "2048x512");

    private readonly Option<NewtonSchulzPrecision> _precision = new("--precision")
    {
        Description = "What matrices are rounded to between products",
        DefaultValueFactory = _ => NewtonSchulzPrecision.BFloat16,
    };

    public override IReadOnlyList<Option> Options => [_shapes, _precision];

    public override IEnumerable<Contest> Contests(ParseResult result, Bench bench) =>
        from threads in bench.Threads
        from text in result.GetRequiredValue(_shapes)
        select Create(bench, threads, Shape.Parse(text)!, new() { Precision = result.GetValue(_precision) });

    private static Contest Create(Bench bench, int threads, Shape shape, NewtonSchulzOptions options) => new(
        $"{shape}, {options.Precision}, {bench.On(threads)}",
        new Dictionary<string, string>
        {
            ["device"] = bench.DeviceName,
            ["shape"] = $"{shape.Rows}x{shape.Columns}",
            ["precision"] = $"{options.Precision}",
            ["threads"] = threads.ToString(CultureInfo.InvariantCulture),
        },
        scope =>
        {
            var peak = Peak.Of(bench, threads, scope, options.WorkTypeOf(NewtonSchulzMethod.Standard));
            var dense = options.Plan.Steps.Length * shape.DenseStepFlops;
            Device device = bench.Accelerator is { } accelerator ? accelerator.Device : bench.Simd(threads);
            IReadOnlyList<FloorRule> Floors(Work of) => peak is null ? [] : [FloorRule.OfFlops(peak, of)];

            var length = (long)shape.Rows * shape.Columns;
            var random = new Random(1);
            var source = scope.Keep(device.CreateBuffer<float>([.. Enumerable.Range(0, (int)length).Select(_ => Spread(random))]));
            var destination = scope.Keep(device.CreateBuffer<float>(length));
            List<Entry> entries = [.. peak is null ? [] : new[] { peak }];
            if (device is SimdDevice simd)
                entries.AddRange(Products(simd, scope, shape, options.WorkTypeOf(NewtonSchulzMethod.Standard), Floors));
            foreach (var method in (NewtonSchulzMethod[])[NewtonSchulzMethod.Standard, NewtonSchulzMethod.Gram])
            {
                var (name, way) = (method == NewtonSchulzMethod.Standard ? "newton-schulz" : "newton-schulz, Gram", options with { Method = method });
                var work = new Work(Flops: 2 * NewtonSchulzCost.MultiplyAdds(method, way.Plan, shape.Rows, shape.Columns), DenseFlops: dense);
                var orthogonalize = bench.Accelerator is null
                    ? () => device.Orthogonalize(source, destination, shape.Rows, shape.Columns, way)
                    : Batched(device, scope, source, destination, shape, way);
                entries.Add(new(name, Figure.Ours, bench.Timed(orthogonalize), work)
                {
                    Floors = Floors(work),
                    Check = () =>
                    {
                        orthogonalize();
                        return OrthogonalityCheck.Run(destination.ToArray(), shape);
                    },
                });
                if (bench.Accelerator is not null)
                    entries.Add(new($"{name}, host", Figure.Ours, bench.Accelerator.Host(orthogonalize), new()));
            }
            entries.AddRange(MatrixRivals.Of(bench, threads, scope, "newton-schulz", type => $"newton-schulz {shape.Rows} {shape.Columns} {type}", dense));
            return entries;
        });

    /// <summary>As a step does it: nothing is allocated or waited for.</summary>
    private static Action Batched(Device device, Scope scope, DeviceBuffer<float> source, DeviceBuffer<float> destination, Shape shape, NewtonSchulzOptions options)
    {
        var batch = scope.Keep(device.CreateMatrixUpdateBatch(
            new(ElementType.Float32, ElementType.Float32, ElementType.Float32, ElementType.Float32), options, shape.Rows, shape.Columns, [new(destination.Address, 0, 0, 0, destination.Length)]));
        batch.Gradients[0] = source.Address;
        var plan = options.Plan;
        return () => device.UpdateMatrices<CopyRule, CopyRule>([default], [], [default], [], plan, [batch]);
    }

    private static IReadOnlyList<Entry> Products(SimdDevice device, Scope scope, Shape shape, ElementType type, Func<Work, IReadOnlyList<FloorRule>> floors)
    {
        var order = (int)shape.Order;
        MatrixBatch Matrix(int rows, int columns)
        {
            var memory = scope.Keep(device.CreateBuffer(type, (long)rows * columns));
            var random = new Random(rows);
            switch (memory)
            {
                case DeviceBuffer<BFloat16> numbers:
                    Numbers(numbers, random);
                    break;
                case DeviceBuffer<Half> numbers:
                    Numbers(numbers, random);
                    break;
                default:
                    Numbers((DeviceBuffer<float>)memory, random);
                    break;
            }
            return new(memory.Address, type, 1, rows, columns);
        }
        MatrixBatch x = Matrix(shape.Rows, shape.Columns), y = Matrix(shape.Rows, shape.Columns), a = Matrix(order, order), b = Matrix(order, order);
        var kernels = MatrixKernels.Create(device.Workers, device.VectorBits, type);
        var (multiply, gram) = (new Work(Flops: shape.MultiplyFlops, DenseFlops: shape.MultiplyFlops), new Work(Flops: shape.GramFlops, DenseFlops: shape.DenseGramFlops));
        return
        [
            Entry.Ours("product B X", () => kernels.MultiplyAdd(b, x, 3.4445f, y), multiply) with { Floors = floors(multiply) },
            Entry.Ours("product X Xᵀ", () => kernels.SymmetricProduct(x, 1, a), gram) with { Floors = floors(gram) },
        ];
    }

    private static void Numbers<T>(DeviceBuffer<T> buffer, Random random) where T : unmanaged
    {
        foreach (ref var number in buffer.Span)
            number = Throughput.Numbers.Convert<T>(Spread(random));
    }

    /// <summary>Of either sign, and not near zero.</summary>
    private static float Spread(Random random) => (random.NextSingle() + 0.1f) * (random.Next(2) == 0 ? 1 : -1);
}
