using GpuOptim.Kernels.Ilgpu.OpenCL;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Host.Ilgpu.OpenCL;

/// <summary>Those of the first half of an update that orthogonalizes one matrix, by a rule.</summary>
internal readonly struct OpenCLMomentumKernels<TRule> : ITypedKernel where TRule : unmanaged, IUpdateRule
{
    public static Delegate Of<TElement, TGradient, TState, TCompute>()
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat
        where TCompute : IFormat =>
        OpenCLMomentumKernel<TRule, TElement, TGradient, TState, TCompute>.Run;
}
