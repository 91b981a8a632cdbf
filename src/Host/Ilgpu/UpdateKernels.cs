using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Those of the fused update by a rule.</summary>
internal readonly struct UpdateKernels<TRule> : ITypedKernel where TRule : unmanaged, IUpdateRule
{
    public static Delegate Of<TElement, TGradient, TState>()
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat =>
        UpdateKernel<TRule, TElement, TGradient, TState>.Run;
}
