using GpuOptim.Kernels.Rules;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>Completes the rules of tensors by what was measured of them.</summary>
/// <param name="Parameters">The parameters, with their rules.</param>
/// <param name="ParameterBatch">Has their sums.</param>
/// <param name="Starts">Where the first chunk of each tensor is.</param>
/// <param name="Updates">The directions, with room for a rule of each.</param>
/// <param name="UpdateBatch">Has their sums.</param>
internal readonly record struct TensorRulesLaunch<TRule>(StepTable Parameters, IlgpuUpdateBatch ParameterBatch, StepPlace Starts, StepTable Updates, IlgpuUpdateBatch UpdateBatch) : IStepLaunch
    where TRule : unmanaged, ITensorRule<TRule>
{
    public void Run(IlgpuQueue queue) => queue.CompleteRules<TRule>(Parameters, Parameters.Block.View<int>(Starts), Updates, ParameterBatch.Sums, UpdateBatch.Sums);
}
