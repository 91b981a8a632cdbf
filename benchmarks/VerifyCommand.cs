using System.CommandLine;
using System.Runtime.InteropServices;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using Spectre.Console;

namespace GpuOptim.Benchmarks;

/// <summary>Steps every optimizer on a device and on the CPU, and compares all bits; on a machine with a card, what to run first.</summary>
internal static class VerifyCommand
{
    private const int Steps = 5;

    public static Command Create()
    {
        var name = new Option<string>("--device") { Description = "A device: cuda, opencl, ilgpu-cpu or simd", DefaultValueFactory = _ => "ilgpu" };
        var command = new Command("verify", "Compares every optimizer's results on a device with those of the CPU, bit by bit") { name };
        command.SetAction(result => Verify(result.GetRequiredValue(name)));
        return command;
    }

    private static int Verify(string name)
    {
        using var device = Open(name);
        using var reference = new SimdDevice();
        AnsiConsole.MarkupLineInterpolated($"[bold]{device.Description}[/] against {reference.Description}");
        var failures = 0;
        foreach (var type in NumberType.All)
        {
            foreach (var contestant in Contestant.All)
            {
                var difference = Difference(device, reference, type.Element, [(1, 1), (1, 4096), (1, 100_003)], parameters => contestant.Create(parameters, type.Precision));
                failures += Report($"{contestant.Name} {type.Name}", difference, 0);
            }
        }
        // Tensor cores sum in an order of their own; directions differ by about a rounding to bfloat16, parameters by the step size times that.
        const double MuonTolerance = 5e-4;
        foreach (var shapes in (((int, int)[], string)[])[([(64, 96), (64, 96)], "wide"), ([(200, 136)], "tall"), ([(33, 17)], "odd")])
            failures += Report($"muon {shapes.Item2}", Difference(device, reference, ElementType.Float32, shapes.Item1, parameters => new Optimizers.Muon(parameters)), MuonTolerance);
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

    /// <summary>The largest difference of a parameter after some steps; infinite if any bit differs where the numbers do not.</summary>
    private static double Difference(Device device, Device reference, ElementType type, (int Rows, int Columns)[] shapes, Func<IEnumerable<Parameter>, Optimizer> create)
    {
        var (actual, expected) = (Run(device, type, shapes, create), Run(reference, type, shapes, create));
        return actual.Zip(expected, (own, other) => own.Span.SequenceEqual(other.Span) ? 0 : Largest(own.Span, other.Span, type)).Max();
    }

    private static double Largest(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected, ElementType type)
    {
        float[] own = Floats(actual, type), other = Floats(expected, type);
        var largest = own.Zip(other, (a, b) => Math.Abs((double)a - b)).Max();
        return largest > 0 ? largest : double.PositiveInfinity;
    }

    private static float[] Floats(ReadOnlySpan<byte> bytes, ElementType type) => type switch
    {
        ElementType.Float32 => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        ElementType.BFloat16 => [.. MemoryMarshal.Cast<byte, BFloat16>(bytes).ToArray().Select(value => (float)value)],
        _ => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(value => (float)value)],
    };

    private static Memory<byte>[] Run(Device device, ElementType type, (int Rows, int Columns)[] shapes, Func<IEnumerable<Parameter>, Optimizer> create) => type switch
    {
        ElementType.Float32 => Run(device, shapes, create, value => value),
        ElementType.BFloat16 => Run(device, shapes, create, value => (BFloat16)value),
        _ => Run(device, shapes, create, value => (Half)value),
    };

    private static Memory<byte>[] Run<T>(Device device, (int Rows, int Columns)[] shapes, Func<IEnumerable<Parameter>, Optimizer> create, Func<float, T> convert) where T : unmanaged
    {
        var random = new Random(1);
        T[] Numbers(long length) => [.. Enumerable.Range(0, (int)length).Select(_ => convert(random.NextSingle() - 0.5f))];
        Parameter<T>[] parameters = [.. shapes.Select((shape, i) => device.CreateParameter<T>($"p{i}", [shape.Rows, shape.Columns], Numbers(shape.Rows * (long)shape.Columns)))];
        using var optimizer = create(parameters);
        for (var step = 0; step < Steps; step++)
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
