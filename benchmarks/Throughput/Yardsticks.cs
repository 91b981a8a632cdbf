using GpuOptim.Host;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>What the machine can do with the threads and vectors of a device: a copy, a triad and a divider.</summary>
internal static unsafe class Yardsticks
{
    /// <summary>
    /// The three on two arrays of positive numbers, each in the way that proves the fastest on them: which one that is depends on the
    /// cache that they fit.
    /// </summary>
    public static IReadOnlyList<IWorkload> Create(SimdDevice device, DeviceBuffer<float> a, DeviceBuffer<float> b) => device.VectorBits switch
    {
        512 => Create<Floats16>(device.Workers, (float*)a.Address, (float*)b.Address, a.Length),
        256 => Create<Floats8>(device.Workers, (float*)a.Address, (float*)b.Address, a.Length),
        128 => Create<Floats4>(device.Workers, (float*)a.Address, (float*)b.Address, a.Length),
        _ => Create<Floats1>(device.Workers, (float*)a.Address, (float*)b.Address, a.Length),
    };

    private static IReadOnlyList<IWorkload> Create<TFloats>(Workers workers, float* a, float* b, long count) where TFloats : unmanaged, IFloats<TFloats>
    {
        return
        [
            Fastest(Loop<Copy>("copy", asksAhead: false), Loop<Copy>("copy", asksAhead: true), Move(passesCaches: false), Move(passesCaches: true)),
            Fastest(Loop<Triad>("triad", asksAhead: false), Loop<Triad>("triad", asksAhead: true)),
            Fastest(Loop<Divider>("divider", asksAhead: false), Loop<Divider>("divider", asksAhead: true)),
        ];

        Workload Loop<TYardstick>(string name, bool asksAhead) where TYardstick : struct, IYardstick => new(name, () =>
        {
            var job = new YardstickJob<TYardstick, TFloats>(a, b, count, asksAhead);
            workers.Run(ref job, job.Chunks);
        });

        Workload Move(bool passesCaches) => new("copy", () =>
        {
            var job = new CopyJob(a, b, count, passesCaches);
            workers.Run(ref job, job.Chunks);
        });
    }

    private static IWorkload Fastest(params IWorkload[] ways) =>
        ways.Zip(Measurement.Interleave(ways, rounds: 5, secondsEach: 0.005)).MinBy(way => way.Second.Median).First;
}
