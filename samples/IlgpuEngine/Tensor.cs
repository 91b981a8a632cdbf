using GpuOptim.Host;
using GpuOptim.Host.Ilgpu;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Samples.IlgpuEngine;

/// <summary>A weight as the engine has it, numbers and gradient in its own buffers, and the parameter that the optimizer sees.</summary>
internal sealed class Tensor : IDisposable
{
    public Tensor(IlgpuDevice device, string name, float[] initial)
    {
        Data = device.Accelerator.Allocate1D(initial);
        Gradient = device.Accelerator.Allocate1D<float>(initial.Length);
        Parameter = new Parameter<float>(name, [initial.Length], device.Wrap<float>(Data.View), device.Wrap<float>(Gradient.View));
    }

    public MemoryBuffer1D<float, Stride1D.Dense> Data { get; }

    public MemoryBuffer1D<float, Stride1D.Dense> Gradient { get; }

    public Parameter<float> Parameter { get; }

    public void Dispose()
    {
        Data.Dispose();
        Gradient.Dispose();
    }
}
