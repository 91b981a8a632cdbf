using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Verbs;
using GpuOptim.Host;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd;
using GpuOptim.Kernels.Simd.Matrix.Dot;

namespace GpuOptim.Benchmarks.NewtonSchulz;

/// <summary>What the machine can do of multiply-adds in registers, with the instruction that multiplies matrices of a type.</summary>
internal static class Peak
{
    /// <summary>That of what is measured on; null if it says nothing.</summary>
    public static Entry? Of(Bench bench, int threads, Scope scope, ElementType type) =>
        bench.Accelerator is { } accelerator ? accelerator.Peak(scope) : Of(bench.Simd(threads), type);

    private static Entry Of(SimdDevice device, ElementType type) => device.VectorBits switch
    {
        512 when type == ElementType.BFloat16 && HardwareDot.IsChosen => Of<DotPeakJob>(device, DotPeakJob.FlopsPerChunk),
        512 => Of<PeakJob<Floats16>>(device, PeakJob<Floats16>.FlopsPerChunk),
        256 => Of<PeakJob<Floats8>>(device, PeakJob<Floats8>.FlopsPerChunk),
        128 => Of<PeakJob<Floats4>>(device, PeakJob<Floats4>.FlopsPerChunk),
        _ => Of<PeakJob<Floats1>>(device, PeakJob<Floats1>.FlopsPerChunk),
    };

    private static Entry Of<TJob>(SimdDevice device, double flopsPerChunk) where TJob : unmanaged, IChunkedJob
    {
        var chunks = 8 * device.Threads;
        var flops = chunks * flopsPerChunk;
        return Entry.Yardstick("peak", new Workload(() =>
        {
            var job = default(TJob);
            device.Workers.Run(ref job, chunks);
        }), new(Flops: flops, DenseFlops: flops));
    }
}
