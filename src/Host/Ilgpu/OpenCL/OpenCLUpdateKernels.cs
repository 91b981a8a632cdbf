using GpuOptim.Kernels.Ilgpu.OpenCL;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Host.Ilgpu.OpenCL;

/// <summary>Those of the fused update of one tensor, by a rule.</summary>
internal readonly struct OpenCLUpdateKernels<TRule> : ITypedKernel where TRule : unmanaged, IUpdateRule
{
    public static Delegate Of<TElement, TGradient, TState, TCompute>()
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat
        where TCompute : IFormat =>
        OpenCLUpdateKernel<TRule, TElement, TGradient, TState, TCompute>.Run;
}
