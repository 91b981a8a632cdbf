using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Enqueues an <see cref="EncodedUpdateKernel{TRule, TElement, TParameter, TGradient, TState0, TState1, TState2}"/>.</summary>
internal delegate void EncodedUpdateLauncher<TRule>(
    AcceleratorStream stream,
    KernelConfig config,
    ArrayView<GpuChunk> chunks,
    ArrayView<GpuSegment> segments,
    ArrayView<EncodedTensor> encoded,
    ArrayView<long> gradients,
    ArrayView<int> ruleIndices,
    ArrayView<NumberedRule<TRule>> rules,
    ArrayView<AverageRule> averages) where TRule : unmanaged, IUpdateRule;
