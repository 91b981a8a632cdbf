using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>A fused update, by a rule.</summary>
/// <param name="Table">Its tensors.</param>
/// <param name="Types">Their types.</param>
internal readonly record struct UpdateLaunch<TRule>(StepTable Table, UpdateTypes Types) : IStepLaunch where TRule : unmanaged, IUpdateRule
{
    public void Run(IlgpuQueue queue) => queue.LaunchUpdate<TRule>(Table, Types);
}
