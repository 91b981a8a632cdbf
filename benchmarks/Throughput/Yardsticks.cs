using GpuOptim.Benchmarks.Engine;
using GpuOptim.Host;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>What the machine can do with the threads and vectors of a device: a copy, a triad and a divider.</summary>
/// <param name="Copy"><c>a = b</c>.</param>
/// <param name="Triad"><c>a += s * b</c>.</param>
/// <param name="Divider">Two quotients and a root for each element.</param>
internal sealed unsafe record Yardsticks(Entry Copy, Entry Triad, Entry Divider)
{
    /// <summary>All three.</summary>
    public IReadOnlyList<Entry> All => [Copy, Triad, Divider];

    /// <summary>
    /// The three on so many positive numbers, each in the way that proves the fastest on them: which one that is depends on the cache that they fit.
    /// </summary>
    public static Yardsticks Create(SimdDevice device, Scope scope, long elements)
    {
        var (a, b) = (scope.Keep(device.CreateBuffer<float>(elements)), scope.Keep(device.CreateBuffer<float>(elements)));
        Fill(a, 0.7f);
        Fill(b, 0.3f);
        return device.VectorBits switch
        {
            512 => Create<Floats16>(device.Workers, (float*)a.Address, (float*)b.Address, elements),
            256 => Create<Floats8>(device.Workers, (float*)a.Address, (float*)b.Address, elements),
            128 => Create<Floats4>(device.Workers, (float*)a.Address, (float*)b.Address, elements),
            _ => Create<Floats1>(device.Workers, (float*)a.Address, (float*)b.Address, elements),
        };
    }

    /// <summary>Floors of an optimizer: its bytes, and two quotients and a root, which Adam needs.</summary>
    public IReadOnlyList<FloorRule> Floors(Contestant contestant, Results.Work work) =>
    [
        FloorRule.OfBytes(Triad, work),
        .. contestant.Name is "adam" or "adamw" ? new[] { new FloorRule(Divider.Subject, (double)work.Elements / Divider.Work.Elements, "two quotients and a root a parameter") } : [],
    ];

    private static Yardsticks Create<TFloats>(Workers workers, float* a, float* b, long count) where TFloats : unmanaged, IFloats<TFloats>
    {
        return new(
            Entry.Yardstick("copy", Arena.Fastest(Loop<Copy>(asksAhead: false), Loop<Copy>(asksAhead: true), Move(passesCaches: false), Move(passesCaches: true)), new(count, 8.0 * count)),
            Entry.Yardstick("triad", Arena.Fastest(Loop<Triad>(asksAhead: false), Loop<Triad>(asksAhead: true)), new(count, 12.0 * count, 2.0 * count)),
            Entry.Yardstick("divider", Loop<Divider>(asksAhead: false, staysInCache: true), new(count, 0, 3.0 * count)));

        Workload Loop<TYardstick>(bool asksAhead, bool staysInCache = false) where TYardstick : struct, IYardstick => new(() =>
        {
            var job = new YardstickJob<TYardstick, TFloats>(a, b, count, asksAhead, staysInCache);
            workers.Run(ref job, job.Chunks);
        });

        Workload Move(bool passesCaches) => new(() =>
        {
            var job = new CopyJob(a, b, count, passesCaches);
            workers.Run(ref job, job.Chunks);
        });
    }

    private static void Fill(DeviceBuffer<float> buffer, float number)
    {
        for (var start = 0L; start < buffer.Length; start += 1 << 20)
            buffer.Slice(start, Math.Min(1 << 20, buffer.Length - start)).Span.Fill(number);
    }
}
