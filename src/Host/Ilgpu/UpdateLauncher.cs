using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Enqueues an <see cref="UpdateKernel{TRule, TElement, TGradient, TState, TCompute}"/>.</summary>
internal delegate void UpdateLauncher<TRule>(
    AcceleratorStream stream,
    KernelConfig config,
    ArrayView<GpuChunk> chunks,
    ArrayView<GpuSegment> segments,
    ArrayView<long> gradients,
    ArrayView<int> ruleIndices,
    ArrayView<TRule> rules,
    ArrayView<AverageRule> averages) where TRule : unmanaged;
