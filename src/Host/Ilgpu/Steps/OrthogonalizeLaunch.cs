using GpuOptim.Kernels;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>Newton-Schulz on the directions of a batch: several launches.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Plan">The iterations.</param>
internal readonly record struct OrthogonalizeLaunch(IlgpuMatrixUpdateBatch Batch, NewtonSchulzSteps Plan) : IStepLaunch
{
    public void Run(IlgpuQueue queue) => NewtonSchulz.Orthogonalize(Batch.Ops!, Batch.Raw, Batch.Memory, Batch.Method, Plan, Batch.Deviations);
}
