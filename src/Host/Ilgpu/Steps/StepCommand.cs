namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>A launch of a step, in its place among the others; it is kept from step to step.</summary>
internal abstract class StepCommand
{
    /// <summary>Launches it.</summary>
    public abstract void Run(IlgpuQueue queue);
}
