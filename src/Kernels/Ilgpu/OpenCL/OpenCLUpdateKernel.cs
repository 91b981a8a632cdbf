using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>An <see cref="UpdateKernel{TRule, TElement, TGradient, TState, TCompute}"/> of one tensor.</summary>
internal static class OpenCLUpdateKernel<TRule, TElement, TGradient, TState, TCompute>
    where TRule : unmanaged, IUpdateRule
    where TElement : IFormat
    where TGradient : IFormat
    where TState : IFormat
    where TCompute : IFormat
{
    /// <param name="chunks">The chunks of any one tensor, in order.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="gradient">Its gradient; nowhere if it has none.</param>
    /// <param name="state0">Its first state; nowhere if it is not in use.</param>
    /// <param name="state1">Its second.</param>
    /// <param name="state2">Its third.</param>
    /// <param name="average">Its average; nowhere if it has none.</param>
    /// <param name="length">How many elements each has.</param>
    /// <param name="gradients">0 if the device took the gradient away.</param>
    /// <param name="ruleIndices">The index of its rule.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="averages">One rule: how the new parameter goes into its average. Not looked at if it has none.</param>
    public static void Run(
        ArrayView<GpuChunk> chunks,
        OpenCLPlace parameter,
        OpenCLPlace gradient,
        OpenCLPlace state0,
        OpenCLPlace state1,
        OpenCLPlace state2,
        OpenCLPlace average,
        long length,
        ArrayView<long> gradients,
        ArrayView<int> ruleIndices,
        ArrayView<TRule> rules,
        ArrayView<AverageRule> averages)
    {
        var segment = new GpuSegment
        {
            Parameter = parameter.Address,
            State0 = state0.Address,
            State1 = state1.Address,
            State2 = state2.Address,
            Average = average.Address,
            Length = length,
        };
        var table = new OpenCLTable(segment, gradients[0] == 0 ? 0 : gradient.Address);
        UpdateKernel<TRule, TElement, TGradient, TState, TCompute>.Run(chunks, table.Segments, table.Gradients, ruleIndices, rules, averages);
    }
}
