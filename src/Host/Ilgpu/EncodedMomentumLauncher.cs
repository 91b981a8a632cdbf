using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Enqueues an <see cref="EncodedMomentumKernel{TRule, TElement, TGradient, TState}"/>.</summary>
internal delegate void EncodedMomentumLauncher<TRule>(
    AcceleratorStream stream,
    KernelConfig config,
    ArrayView<GpuChunk> chunks,
    ArrayView<GpuSegment> segments,
    ArrayView<EncodedTensor> encoded,
    ArrayView<long> gradients,
    ArrayView<int> ruleIndices,
    ArrayView<NumberedRule<TRule>> rules,
    ArrayView<double> sums) where TRule : unmanaged, IUpdateRule;
