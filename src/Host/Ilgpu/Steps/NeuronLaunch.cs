using GpuOptim.Kernels;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>Normalizes the neurons of a batch's orthogonal directions: two launches.</summary>
/// <param name="Table">The batch's matrices.</param>
/// <param name="Rules">Where the rules are.</param>
/// <param name="Batch">The batch.</param>
/// <param name="Orthogonal">Where its directions are.</param>
internal readonly record struct NeuronLaunch(StepTable Table, StepPlace Rules, IlgpuMatrixUpdateBatch Batch, MatrixBatch Orthogonal) : IStepLaunch
{
    public void Run(IlgpuQueue queue) => Batch.Neurons!.Normalize(queue, Table, Rules, Orthogonal);
}
