using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Those of the fused update by a rule.</summary>
internal readonly struct UpdateKernels<TRule> : ITypedKernel where TRule : unmanaged, IUpdateRule
{
    public static Delegate Of<TElement, TGradient, TState, TCompute>()
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat
        where TCompute : IFormat =>
        UpdateKernel<TRule, TElement, TGradient, TState, TCompute>.Run;
}
