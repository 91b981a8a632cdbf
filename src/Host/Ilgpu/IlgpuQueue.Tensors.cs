using GpuOptim.Host.Ilgpu.Steps;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <content>Kernels of updates that measure tensors, their rows and columns.</content>
internal partial class IlgpuQueue
{
    /// <summary>Completes the rules of tensors, each by a group.</summary>
    /// <param name="parameters">The parameters, with their rules.</param>
    /// <param name="starts">The first chunk of each tensor, and at last the number of chunks.</param>
    /// <param name="updates">The directions, with room for a rule of each.</param>
    /// <param name="parameterSums">What is accumulated of each chunk of parameters.</param>
    /// <param name="directionSums">The same of directions.</param>
    public void CompleteRules<TRule>(StepTable parameters, ArrayView<int> starts, StepTable updates, ArrayView<double> parameterSums, ArrayView<double> directionSums)
        where TRule : unmanaged, ITensorRule<TRule> =>
        Kernel<TensorRulesLauncher<TRule>>(TensorRulesKernel<TRule>.Run)(
            NextLaunch(),
            new(updates.Table.Tensors.Length, _sharingGroupSize),
            updates.Table.Segments,
            updates.Gradients,
            starts,
            parameters.RuleIndices,
            parameters.Rules<TRule>(),
            parameterSums,
            directionSums,
            updates.Rules<TRule>());

    /// <summary>Averages the squares of gradients' rows and columns, and makes directions of them.</summary>
    /// <param name="table">The tensors.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="gradient">The gradients' type.</param>
    /// <param name="sums">Room for the sum of each column of each band.</param>
    /// <param name="divisors">Room for a number of each matrix.</param>
    public void MakeFactoredDirections(StepTable table, FactoredShape shape, ElementType gradient, ArrayView<double> sums, ArrayView<float> divisors)
    {
        switch (gradient)
        {
            case ElementType.Float32: MakeFactoredDirections<Float32Format>(table, shape, sums, divisors); break;
            case ElementType.BFloat16: MakeFactoredDirections<BFloat16Format>(table, shape, sums, divisors); break;
            default: MakeFactoredDirections<Float16Format>(table, shape, sums, divisors); break;
        }
    }

    private void MakeFactoredDirections<TGradient>(StepTable table, FactoredShape shape, ArrayView<double> sums, ArrayView<float> divisors) where TGradient : IFormat
    {
        var (segments, gradients, indices, rules) = (table.Table.Segments, table.Gradients, table.RuleIndices, table.Rules<AdafactorRule>());
        var matrices = table.Table.Tensors.Length * shape.Matrices;
        var rowThreads = Math.Min(UpdateKernel.GroupSizeFor(Math.Min(shape.Columns, NormOrder.ChunkLength)), _sharingGroupSize);
        Kernel<Action<AcceleratorStream, KernelConfig, FactoredShape, ArrayView<GpuSegment>, ArrayView<long>, ArrayView<int>, ArrayView<AdafactorRule>>>(FactoredMomentsKernel<TGradient>.Rows)(
            NextLaunch(), new(matrices * shape.Rows, rowThreads), shape, segments, gradients, indices, rules);
        Kernel<Action<AcceleratorStream, KernelConfig, FactoredShape, ArrayView<long>, ArrayView<double>>>(FactoredMomentsKernel<TGradient>.Bands)(
            NextLaunch(), new(checked((int)((sums.Length + _groupSize - 1) / _groupSize)), _groupSize), shape, gradients, sums);
        var groups = 1 + (shape.Columns + _sharingGroupSize - 1) / _sharingGroupSize;
        Kernel<Action<AcceleratorStream, KernelConfig, FactoredShape, int, ArrayView<GpuSegment>, ArrayView<long>, ArrayView<int>, ArrayView<AdafactorRule>, ArrayView<double>, ArrayView<float>>>(
            FactoredMomentsKernel<TGradient>.Columns)(NextLaunch(), new(matrices * groups, _sharingGroupSize), shape, groups, segments, gradients, indices, rules, sums, divisors);
        Kernel<Action<AcceleratorStream, KernelConfig, FactoredShape, ArrayView<GpuChunk>, ArrayView<GpuSegment>, ArrayView<long>, ArrayView<int>, ArrayView<AdafactorRule>, ArrayView<float>>>(
            FactoredDirectionKernel<TGradient>.Run)(
            NextLaunch(), new(table.Table.Chunks, Math.Min(UpdateKernel.GroupSizeFor(table.Table.LongestChunk), _groupSize)), shape, table.Table.ChunkMap, segments, gradients, indices, rules, divisors);
    }
}
