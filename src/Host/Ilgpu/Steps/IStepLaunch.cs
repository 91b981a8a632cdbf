namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>What a step has launched, with all that the accelerator is told of it: two that are equal launch the same kernels with the same arguments.</summary>
internal interface IStepLaunch
{
    /// <summary>Launches it.</summary>
    void Run(IlgpuQueue queue);
}
