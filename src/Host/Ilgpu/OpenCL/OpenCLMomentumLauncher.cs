using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.OpenCL;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu.OpenCL;

/// <summary>Enqueues an <see cref="OpenCLMomentumKernel{TRule, TElement, TGradient, TState, TCompute}"/>.</summary>
internal delegate void OpenCLMomentumLauncher<TRule>(
    AcceleratorStream stream,
    KernelConfig config,
    ArrayView<GpuChunk> chunks,
    OpenCLPlace direction,
    OpenCLPlace gradient,
    OpenCLPlace state,
    long length,
    ArrayView<long> gradients,
    ArrayView<int> ruleIndices,
    ArrayView<TRule> rules,
    ArrayView<double> sums) where TRule : unmanaged;
