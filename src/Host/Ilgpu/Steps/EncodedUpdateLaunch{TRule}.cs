using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>A fused update of tensors some of whose numbers are encoded, by a rule.</summary>
/// <param name="Table">Its tensors.</param>
/// <param name="Types">Their types.</param>
internal readonly record struct EncodedUpdateLaunch<TRule>(StepTable Table, UpdateTypes Types) : IStepLaunch where TRule : unmanaged, IUpdateRule
{
    public void Run(IlgpuQueue queue) => queue.LaunchEncodedUpdate<TRule>(Table, Types);
}
