using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>A <see cref="MomentumKernel{TRule, TElement, TGradient, TState, TCompute}"/> of one matrix.</summary>
internal static class OpenCLMomentumKernel<TRule, TElement, TGradient, TState, TCompute>
    where TRule : unmanaged, IUpdateRule
    where TElement : IFormat
    where TGradient : IFormat
    where TState : IFormat
    where TCompute : IFormat
{
    /// <param name="chunks">The chunks of any one tensor, in order.</param>
    /// <param name="direction">The direction.</param>
    /// <param name="gradient">The gradient.</param>
    /// <param name="state">The state; nowhere if it is not in use.</param>
    /// <param name="length">How many elements each has.</param>
    /// <param name="gradients">0 if the device took the gradient away.</param>
    /// <param name="ruleIndices">The index of its rule.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="sums">The sum of each chunk.</param>
    public static void Run(
        ArrayView<GpuChunk> chunks,
        OpenCLPlace direction,
        OpenCLPlace gradient,
        OpenCLPlace state,
        long length,
        ArrayView<long> gradients,
        ArrayView<int> ruleIndices,
        ArrayView<TRule> rules,
        ArrayView<double> sums)
    {
        var table = new OpenCLTable(new() { Parameter = direction.Address, State0 = state.Address, Length = length }, gradients[0] == 0 ? 0 : gradient.Address);
        MomentumKernel<TRule, TElement, TGradient, TState, TCompute>.Run(chunks, table.Segments, table.Gradients, ruleIndices, rules, sums);
    }
}
