using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Host.Ilgpu;

/// <summary>A kernel for each combination of element types.</summary>
internal interface ITypedKernel
{
    /// <summary>The kernel for one.</summary>
    static abstract Delegate Of<TElement, TGradient, TState, TCompute>()
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat
        where TCompute : IFormat;
}
