using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Scaling;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>Takes the norm of what was accumulated, decides what is done to gradients, and moves the loss scale on.</summary>
/// <param name="Norm">Whose norm.</param>
/// <param name="Block">Where the request is.</param>
/// <param name="Request">Its place.</param>
/// <param name="Sums">What was accumulated.</param>
/// <param name="Count">Of how many chunks.</param>
/// <param name="LossScale">Where the loss scale lies; 0 if there is none.</param>
internal readonly record struct ScaleLaunch<TNorm>(
    IlgpuGradientNorm Norm, StepBlock Block, StepPlace Request, MemoryBuffer1D<byte, Stride1D.Dense> Sums, int Count, nint LossScale) : IStepLaunch where TNorm : INorm
{
    public void Run(IlgpuQueue queue) =>
        queue.Scale<TNorm>(Sums.View.BaseView.Cast<double>().SubView(0, Count), Block.View<ScaleRequest>(Request), Norm.LossScaleAt(LossScale), Norm.Check);
}
