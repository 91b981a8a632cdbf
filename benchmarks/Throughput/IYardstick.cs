using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>What to do to each element of two arrays, to see how fast the machine can do it.</summary>
internal unsafe interface IYardstick
{
    /// <summary>Does it to a vector of elements.</summary>
    static abstract void Apply<TFloats>(TFloats* a, TFloats* b, TFloats c) where TFloats : unmanaged, IFloats<TFloats>;
}
