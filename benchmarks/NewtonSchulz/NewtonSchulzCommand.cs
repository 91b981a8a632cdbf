using System.CommandLine;
using GpuOptim.Benchmarks.Ilgpu;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Simd.Matrix;

namespace GpuOptim.Benchmarks.NewtonSchulz;

/// <summary>Times Newton-Schulz and its products beside the processor's peak of multiply-adds.</summary>
internal static class NewtonSchulzCommand
{
    public static Command Create()
    {
        var shapes = Options.Many("--shape", "Matrices, as ROWSxCOLUMNS", ["1024x1024", "2048x2048", "512x2048", "2048x512"]);
        shapes.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => Shape.Parse(token.Value) is null))
                result.AddError($"--shape must be ROWSxCOLUMNS, for instance 1024x1024. Actual value was '{token.Value}'.");
        });
        var precision = new Option<NewtonSchulzPrecision>("--precision") { Description = "What matrices are rounded to between products", DefaultValueFactory = _ => NewtonSchulzPrecision.BFloat16 };
        var common = new Options(rounds: 7);
        var command = new Command("newton-schulz", "GFLOP/s of matrix products and of five quintic steps, beside the peak of multiply-adds in the same rounds") { shapes, precision };
        common.AddTo(command);
        command.SetAction(result => common.Run(
            result,
            (device, torch, rounds) => result.GetRequiredValue(shapes).Select(text => Race(device, torch, rounds, Shape.Parse(text)!, result.GetValue(precision))),
            (accelerator, rounds) => result.GetRequiredValue(shapes).Select(text => AcceleratorRace.NewtonSchulz(accelerator, Shape.Parse(text)!, new() { Precision = result.GetValue(precision) }, rounds))));
        return command;
    }

    private static object Race(SimdDevice device, PyTorch? torch, int rounds, Shape shape, NewtonSchulzPrecision precision)
    {
        var options = new NewtonSchulzOptions { Precision = precision };
        var type = options.WorkType;
        var (order, matrix) = ((int)shape.Order, (int)(shape.Rows * (long)shape.Columns));
        var random = new Random(1);
        using var source = device.CreateBuffer<float>([.. Enumerable.Range(0, matrix).Select(_ => random.NextSingle() - 0.5f)]);
        using var result = device.CreateBuffer<float>(matrix);
        using var xMemory = device.CreateBuffer(type, matrix);
        using var yMemory = device.CreateBuffer(type, matrix);
        using var aMemory = device.CreateBuffer(type, (long)order * order);
        using var bMemory = device.CreateBuffer(type, (long)order * order);
        MatrixBatch x = new(xMemory.Address, type, 1, shape.Rows, shape.Columns), y = x with { Address = yMemory.Address };
        MatrixBatch a = new(aMemory.Address, type, 1, order, order), b = a with { Address = bMemory.Address };
        var ops = MatrixKernels.Create(device.Workers, device.VectorBits, type);

        var steps = options.Plan.Steps.Length;
        var contestants = new List<FlopsWorkload>
        {
            new(new Workload("product B X", () => ops.MultiplyAdd(b, x, 3.4445f, y)), shape.MultiplyFlops, shape.MultiplyFlops),
            new(new Workload("product X Xᵀ", () => ops.SymmetricProduct(x, 1, a)), shape.GramFlops, shape.DenseGramFlops),
            new(new Workload("newton-schulz", () => device.Orthogonalize(source, result, shape.Rows, shape.Columns, options)), steps * shape.StepFlops, steps * shape.DenseStepFlops),
        };
        if (torch is not null)
        {
            foreach (var rival in new[] { "bfloat16", "float32" })
            {
                if (torch.Create($"torch {rival}", $"newton-schulz {shape.Rows} {shape.Columns} {rival}") is { } work)
                    contestants.Add(new(work, 0, steps * shape.DenseStepFlops, "newton-schulz"));
            }
        }
        var race = FlopsWorkload.Race($"{shape}, {precision}", device, contestants, rounds);
        torch?.Clear();
        return race;
    }
}
