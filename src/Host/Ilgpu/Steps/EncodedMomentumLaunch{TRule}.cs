using GpuOptim.Kernels.Rules;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>The first half of an update that orthogonalizes, by a rule, of encoded state.</summary>
/// <param name="Table">Its matrices.</param>
/// <param name="Batch">Where their directions go.</param>
internal readonly record struct EncodedMomentumLaunch<TRule>(StepTable Table, IlgpuMatrixUpdateBatch Batch) : IStepLaunch where TRule : unmanaged, IUpdateRule
{
    public void Run(IlgpuQueue queue) => queue.LaunchEncodedMomentum<TRule>(Table, Batch.MomentumTypes, Batch.Sums);
}
