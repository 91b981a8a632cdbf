using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using VirtualCard.Execution;
using VirtualCard.Memory;
using Module = VirtualCard.Ptx.Module;

// How fast the simulator is: AdamW on 2^20 floats and on 256, one a thread, and a product of 512 x 512 matrices on tensor cores.
const int Parameters = 1 << 20, Order = 512, Tile = 64, Rounds = 25;

using var memory = new AddressSpace();
Console.WriteLine("| kernel | checks | workers | ms | million warp instructions a second |");
Console.WriteLine("|---|---|--:|--:|--:|");

using var adamW = new LoadedModule(Read("adamw.ptx"), memory);
Measure("AdamW", adamW.GetKernel("Kernel_AdamScalar"), new() { Grid = Parameters / 256, Block = 256, Parameters = AdamW(Parameters) });
// Most launches are small: what counts is what one costs at all.
Measure("AdamW, 256 parameters", adamW.GetKernel("Kernel_AdamScalar"), new() { Grid = 1, Block = 256, Parameters = AdamW(256) });

using var product = new LoadedModule(Read("product512.ptx"), memory);
ulong[] matrices = [Floats(Order * Order / 2).Start, Floats(Order * Order / 2).Start, Floats(Order * Order).Start];
Measure("product", product.GetKernel("k"), new() { Grid = new(Order / Tile, Order / Tile), Block = 128, Parameters = [.. MemoryMarshal.AsBytes<ulong>(matrices)] });

byte[] AdamW(int count)
{
    float[] constants = [0.9f, 0.999f, 1e-3f, 1e-8f, 0.95f, 1];
    return [.. Enumerable.Range(0, 4).SelectMany(_ => View(Floats(count))), .. MemoryMarshal.AsBytes<float>(constants)];
}

static Module Read(string name)
{
    using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
    return Module.Parse(reader.ReadToEnd());
}

unsafe Allocation Floats(int count)
{
    var allocation = memory.Allocate(sizeof(float) * (long)count, "numbers");
    var numbers = new Span<float>(allocation.Data, count);
    for (var i = 0; i < count; i++)
        numbers[i] = 0.01f + i % 1000 * 0.001f;
    allocation.MarkWritten(0, allocation.Length);
    return allocation;
}

// An ArrayView of ILGPU's: an address and a length.
static byte[] View(Allocation allocation) => [.. BitConverter.GetBytes(allocation.Start), .. BitConverter.GetBytes(allocation.Length / sizeof(float))];

static void Measure(string name, Kernel kernel, LaunchRequest request)
{
    foreach (var workers in new[] { 1, Environment.ProcessorCount }.Distinct())
    {
        Time(name, "addresses, written bytes", kernel, request with { MaxWorkers = workers });
        Time(name, "and races, sectors, banks", kernel, request with { MaxWorkers = workers, ChecksRaces = true, CountsAccesses = true });
    }
}

static void Time(string name, string checks, Kernel kernel, LaunchRequest request)
{
    var times = new double[Rounds];
    long instructions = 0;
    for (var i = 0; i < Rounds; i++)
    {
        var start = Stopwatch.GetTimestamp();
        instructions = kernel.Launch(request).WarpInstructions.Values.Sum();
        times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
    Array.Sort(times);
    var median = times[Rounds / 2];
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {checks} | {request.MaxWorkers} | {median:f3} | {instructions / median / 1e3:f0} |"));
}
