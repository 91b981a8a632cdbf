using GpuOptim.Host.Ilgpu;
using GpuOptim.Host.Ilgpu.OpenCL;
using ILGPU;
using ILGPU.Runtime.OpenCL;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>An OpenCL accelerator that devices share: what its context knows from one kernel makes the next compile several times faster.</summary>
internal static class SharedOpenCL
{
    private static readonly Lazy<CLAccelerator> _accelerator = new(() => Context.Create(builder => builder.OpenCL(device => OpenCLQueue.Missing(device) is null)).CreateCLAccelerator(0));

    /// <summary>A device on it.</summary>
    public static GpuOptim.Host.Device Open() => new IlgpuDevice(_accelerator.Value);
}
