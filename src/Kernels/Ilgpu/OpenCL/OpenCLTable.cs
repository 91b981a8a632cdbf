using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>The table of one tensor, which a thread makes for itself: kernels then read it as they read one of many tensors.</summary>
internal readonly struct OpenCLTable
{
    /// <summary>Makes it.</summary>
    /// <param name="segment">The tensor.</param>
    /// <param name="gradient">Where its gradient is; 0 if it has none.</param>
    public OpenCLTable(GpuSegment segment, long gradient)
    {
        Segments = LocalMemory.Allocate1D<GpuSegment>(1);
        Gradients = LocalMemory.Allocate1D<long>(1);
        Segments[0] = segment;
        Gradients[0] = gradient;
    }

    public ArrayView<GpuSegment> Segments { get; }

    public ArrayView<long> Gradients { get; }
}
