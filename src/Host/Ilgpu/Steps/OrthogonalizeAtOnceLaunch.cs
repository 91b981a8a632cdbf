using GpuOptim.Kernels;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>Newton-Schulz on the directions of a batch of small matrices: one launch.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Plan">The iterations.</param>
/// <param name="Block">Where their coefficients are sent.</param>
/// <param name="Steps">And where these are in it.</param>
internal readonly record struct OrthogonalizeAtOnceLaunch(IlgpuMatrixUpdateBatch Batch, NewtonSchulzSteps Plan, StepBlock Block, StepPlace Steps) : IStepLaunch
{
    public void Run(IlgpuQueue queue) => queue.Orthogonalize(Batch.Raw, Batch.Sums, Plan.NormScale, (float)Plan.Epsilon, Block.View<NewtonSchulzStep>(Steps));
}
