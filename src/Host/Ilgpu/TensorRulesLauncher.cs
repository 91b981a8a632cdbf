using GpuOptim.Kernels.Ilgpu;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Enqueues a <see cref="TensorRulesKernel{TRule}"/>.</summary>
internal delegate void TensorRulesLauncher<TRule>(
    AcceleratorStream stream,
    KernelConfig config,
    ArrayView<GpuSegment> segments,
    ArrayView<long> directions,
    ArrayView<int> starts,
    ArrayView<int> ruleIndices,
    ArrayView<TRule> rules,
    ArrayView<double> parameterSums,
    ArrayView<double> directionSums,
    ArrayView<TRule> result) where TRule : unmanaged;
