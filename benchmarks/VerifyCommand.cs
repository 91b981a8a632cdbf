using System.CommandLine;
using System.Runtime.InteropServices;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Optimizers;
using Spectre.Console;

namespace GpuOptim.Benchmarks;

/// <summary>Steps every optimizer on a device and on the CPU, the usual ones with all types of numbers, and compares all bits; on a machine with a card, what to run first.</summary>
internal static class VerifyCommand
{
    private const int Steps = 5;

    public static Command Create()
    {
        var name = new Option<string>("--device") { Description = "A device: cuda, opencl, ilgpu-cpu or simd", DefaultValueFactory = _ => "ilgpu" };
        var quick = new Option<bool>("--quick") { Description = "Few, small tensors and steps: for a sanitizer or a profiler" };
        var command = new Command("verify", "Compares every optimizer's results on a device with those of the CPU, bit by bit") { name, quick };
        command.SetAction(result => Verify(result.GetRequiredValue(name), result.GetValue(quick)));
        return command;
    }

    private static int Verify(string name, bool isQuick)
    {
        var steps = isQuick ? 2 : Steps;
        (int, int)[] tensors = isQuick ? [(1, 1), (3, 1001)] : [(1, 1), (1, 4096), (1, 100_003)];
        using var device = Open(name);
        using var reference = new SimdDevice();
        AnsiConsole.MarkupLineInterpolated($"[bold]{device.Description}[/] against {reference.Description}");
        var failures = 0;
        foreach (var type in NumberType.All)
        {
            // Each optimizer with each type is a kernel more to compile.
            foreach (var contestant in isQuick || !type.IsPlain ? Contestant.Usual : Contestant.All.Where(each => each.Formula is not null || device.SupportsMeasures))
            {
                var difference = Difference(device, reference, steps, type.Element, tensors, parameters => contestant.Create(parameters, type));
                failures += Report($"{contestant.Name} {type.Name}", difference, 0);
            }
        }
        // Tensor cores sum in an order of their own; directions differ by about a rounding to bfloat16, parameters by the step size times that.
        const double MuonTolerance = 5e-4;
        foreach (var (shapes, shape) in (((int, int)[], string)[])[([(64, 200), (64, 200)], "wide"), ([(200, 136)], "tall"), ([(64, 96), (64, 96)], "small"), ([(33, 17)], "odd")])
        {
            failures += Report($"muon {shape}", Difference(device, reference, steps, ElementType.Float32, shapes, parameters => new Optimizers.Muon(parameters)), MuonTolerance);
            var fine = new MuonOptions { NewtonSchulz = new() { Method = NewtonSchulzMethod.Gram, Precision = NewtonSchulzPrecision.Float16 } };
            failures += Report($"muon {shape}, Gram in float16", Difference(device, reference, steps, ElementType.Float32, shapes, parameters => new Optimizers.Muon(parameters, fine)), MuonTolerance);
            // Products of floats sum in the CPU's order.
            var options = new NorMuonOptions { NewtonSchulz = new() { Precision = NewtonSchulzPrecision.Float32 } };
            if (device.SupportsMeasures)
                failures += Report($"normuon {shape}, products of floats", Difference(device, reference, steps, ElementType.Float32, shapes, parameters => new NorMuon(parameters, options)), 0);
        }
        foreach (var type in NumberType.All.Where(type => device.SupportsMeasures && type.IsPlain))
        {
            (int, int)[] shapes = isQuick ? [(33, 17)] : [(64, 96), (9000, 3), (3, 5000), (33, 17), (64, 96)];
            failures += Report($"adafactor {type.Name}, matrices", Difference(device, reference, steps, type.Element, shapes, parameters => new Adafactor(parameters)), 0);
        }
        AnsiConsole.WriteLine(failures == 0 ? "all as they should be" : $"{failures} not as they should be");
        return failures == 0 ? 0 : 1;
    }

    private static Device Open(string name)
    {
        try
        {
            return Device.Open(name);
        }
        catch (ArgumentException failure)
        {
            throw new InvalidOperationException(failure.Message);
        }
    }

    private static int Report(string what, double difference, double tolerance)
    {
        var passes = difference <= tolerance;
        AnsiConsole.WriteLine($"{what}: {(difference == 0 ? "the same bits" : $"differs by up to {difference:E1}{(passes ? ", within the tolerance" : "")}")}");
        return passes ? 0 : 1;
    }

    /// <summary>The largest difference of a parameter after some steps; infinite if bits differ where the numbers do not. NaNs are all the same.</summary>
    private static double Difference(Device device, Device reference, int steps, ElementType type, (int Rows, int Columns)[] shapes, Func<IEnumerable<Parameter>, Optimizer> create)
    {
        var (actual, expected) = (Run(device, steps, type, shapes, create), Run(reference, steps, type, shapes, create));
        return actual.Zip(expected, (own, other) => Floats(own.Span, type).Zip(Floats(other.Span, type), Difference).Max()).Max();
    }

    private static double Difference(float a, float b)
    {
        if (BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b)))
            return 0;
        return Math.Abs((double)a - b) is > 0 and var difference ? difference : double.PositiveInfinity;
    }

    private static float[] Floats(ReadOnlySpan<byte> bytes, ElementType type) => type switch
    {
        ElementType.Float32 => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        ElementType.BFloat16 => [.. MemoryMarshal.Cast<byte, BFloat16>(bytes).ToArray().Select(value => (float)value)],
        _ => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(value => (float)value)],
    };

    private static Memory<byte>[] Run(Device device, int steps, ElementType type, (int Rows, int Columns)[] shapes, Func<IEnumerable<Parameter>, Optimizer> create) => type switch
    {
        ElementType.Float32 => Run(device, steps, shapes, create, value => value),
        ElementType.BFloat16 => Run(device, steps, shapes, create, value => (BFloat16)value),
        _ => Run(device, steps, shapes, create, value => (Half)value),
    };

    private static Memory<byte>[] Run<T>(Device device, int steps, (int Rows, int Columns)[] shapes, Func<IEnumerable<Parameter>, Optimizer> create, Func<float, T> convert) where T : unmanaged
    {
        var random = new Random(1);
        T[] Numbers(long length) => [.. Enumerable.Range(0, (int)length).Select(_ => convert(random.NextSingle() - 0.5f))];
        Parameter<T>[] parameters = [.. shapes.Select((shape, i) => device.CreateParameter<T>($"p{i}", [shape.Rows, shape.Columns], Numbers(shape.Rows * (long)shape.Columns)))];
        using var optimizer = create(parameters);
        for (var step = 0; step < steps; step++)
        {
            foreach (var parameter in parameters)
                parameter.Gradient.CopyFrom(Numbers(parameter.Length));
            optimizer.Step();
        }
        var results = parameters.Select(parameter => (Memory<byte>)MemoryMarshal.AsBytes<T>(parameter.Data.ToArray()).ToArray()).ToArray();
        foreach (var parameter in parameters)
            parameter.Dispose();
        return results;
    }
}
