using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Host;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Benchmarks.NewtonSchulz;

/// <summary>What the machine can do of multiply-adds in registers.</summary>
internal static class Peak
{
    /// <summary>That of what is measured on; null if it says nothing.</summary>
    public static Entry? Of(Bench bench, int threads, Scope scope) => bench.Accelerator is { } accelerator ? accelerator.Peak(scope) : Of(bench.Simd(threads));

    private static Entry Of(SimdDevice device) => device.VectorBits switch
    {
        512 => Of<Floats16>(device),
        256 => Of<Floats8>(device),
        128 => Of<Floats4>(device),
        _ => Of<Floats1>(device),
    };

    private static Entry Of<TFloats>(SimdDevice device) where TFloats : unmanaged, IFloats<TFloats>
    {
        var chunks = 8 * device.Threads;
        var flops = chunks * PeakJob<TFloats>.FlopsPerChunk;
        return Entry.Yardstick("peak", new Workload(() =>
        {
            var job = default(PeakJob<TFloats>);
            device.Workers.Run(ref job, chunks);
        }), new(Flops: flops, DenseFlops: flops));
    }
}
