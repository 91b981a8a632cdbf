using System.Diagnostics;
using System.Globalization;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Benchmarks.ColdStart;

/// <summary>What a process does that is measured from its start: it opens a device, steps, and ends.</summary>
internal static class FirstStep
{
    /// <summary>The verb of such a process; nobody types it.</summary>
    public const string Verb = "first-step";

    /// <summary>The device of a process that does nothing.</summary>
    public const string Nothing = "nothing";

    /// <summary>Prints the seconds that it took to open a device, for an optimizer's first step, and for another's.</summary>
    public static int Run(string device)
    {
        // Without a word of the libraries that read command lines and print: they are not part of what is measured.
        Console.WriteLine(device == Nothing ? "0 0 0" : Measure(device));
        return 0;
    }

    private static string Measure(string name)
    {
        var start = Stopwatch.GetTimestamp();
        using var device = Device.Open(name);
        var opened = Lap(ref start);
        var parameter = device.CreateParameter("p", [1000], [.. Enumerable.Range(0, 1000).Select(i => Throughput.Numbers.Parameter(i))]);
        parameter.Gradient.CopyFrom([.. Enumerable.Range(0, 1000).Select(i => Throughput.Numbers.Gradient(i))]);
        double First(float[] numbers)
        {
            using var optimizer = new AdamW([parameter]);
            optimizer.Step();
            parameter.Data.CopyTo(numbers);
            return Lap(ref start);
        }
        var numbers = new float[1000];
        Lap(ref start);
        var (first, second) = (First(numbers), First(numbers));
        return string.Create(CultureInfo.InvariantCulture, $"{opened} {first} {second}");
    }

    private static double Lap(ref long start)
    {
        var now = Stopwatch.GetTimestamp();
        var seconds = Ticks.Seconds(now - start);
        start = now;
        return seconds;
    }
}
