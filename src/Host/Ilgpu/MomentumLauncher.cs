using GpuOptim.Kernels.Ilgpu;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Enqueues a <see cref="MomentumKernel{TRule, TElement, TGradient, TState, TCompute}"/>.</summary>
internal delegate void MomentumLauncher<TRule>(
    AcceleratorStream stream,
    KernelConfig config,
    ArrayView<GpuChunk> chunks,
    ArrayView<GpuSegment> segments,
    ArrayView<long> gradients,
    ArrayView<int> ruleIndices,
    ArrayView<TRule> rules,
    ArrayView<double> sums) where TRule : unmanaged;
