using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Completes the rules of tensors by the sums of their squares, each tensor by a group of threads.</summary>
/// <typeparam name="TRule">The rule.</typeparam>
internal static class TensorRulesKernel<TRule> where TRule : unmanaged, ITensorRule<TRule>
{
    /// <summary>Completes the rule of the group's tensor.</summary>
    /// <param name="segments">The tensors.</param>
    /// <param name="directions">Address of each tensor's direction; one at 0 needs no rule.</param>
    /// <param name="starts">The first chunk of each tensor, and at last the number of chunks.</param>
    /// <param name="ruleIndices">For each tensor, the index of its rule.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="parameterSums">What is accumulated of each chunk of parameters.</param>
    /// <param name="directionSums">The same of directions.</param>
    /// <param name="result">A rule for each tensor.</param>
    public static void Run(
        ArrayView<GpuSegment> segments,
        ArrayView<long> directions,
        ArrayView<int> starts,
        ArrayView<int> ruleIndices,
        ArrayView<TRule> rules,
        ArrayView<double> parameterSums,
        ArrayView<double> directionSums,
        ArrayView<TRule> result)
    {
        var parameterStrands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var directionStrands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var tensor = Grid.IdxX;
        if (directions[tensor] == 0)
            return;
        for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
        {
            double parameter = 0, direction = 0;
            for (var chunk = starts[tensor] + strand; chunk < starts[tensor + 1]; chunk += NormOrder.Strands)
            {
                parameter += parameterSums[chunk];
                direction += directionSums[chunk];
            }
            parameterStrands[strand] = parameter;
            directionStrands[strand] = direction;
        }
        var parameterSquares = GpuNorm.Fold<TwoNorm>(parameterStrands);
        var directionSquares = GpuNorm.Fold<TwoNorm>(directionStrands);
        if (Group.IdxX == 0)
            result[tensor] = rules[ruleIndices[tensor]].For(parameterSquares, directionSquares, segments[tensor].Length);
    }
}
