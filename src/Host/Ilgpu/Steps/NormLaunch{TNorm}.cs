using GpuOptim.Kernels.Norms;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>Accumulates a norm of a table's gradients.</summary>
/// <param name="Table">The table.</param>
/// <param name="Gradient">The gradients' type.</param>
/// <param name="Sums">Where to.</param>
/// <param name="Start">The place of the table's first chunk.</param>
internal readonly record struct NormLaunch<TNorm>(StepTable Table, ElementType Gradient, MemoryBuffer1D<byte, Stride1D.Dense> Sums, int Start) : IStepLaunch where TNorm : INorm
{
    public void Run(IlgpuQueue queue) => queue.Norm<TNorm>(Table, Gradient, Sums.View.BaseView.Cast<double>().SubView(Start, Table.Table.Chunks));
}
