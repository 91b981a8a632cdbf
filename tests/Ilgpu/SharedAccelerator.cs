using GpuOptim.Host.Ilgpu;
using GpuOptim.Host.Ilgpu.OpenCL;
using ILGPU;
using ILGPU.IR;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>Accelerators that the devices of many tests share: what a context knows from one kernel makes the next compile several times faster.</summary>
internal static class SharedAccelerator
{
    /// <summary>Methods take over half a megabyte each, inlined as they are: with more of them, garbage collections take longer than reading code anew.</summary>
    private const int MostMethods = 1000;

    private static readonly Lazy<CLAccelerator> _openCL = new(() => Context.Create(builder => builder.OpenCL(device => OpenCLQueue.Missing(device) is null)).CreateCLAccelerator(0));
    private static readonly Lazy<CPUAccelerator> _cpu = new(() => Context.Create(builder => builder.CPU(new CPUDevice(2, 2, Math.Max(1, Environment.ProcessorCount)))).CreateCPUAccelerator(0));

    private static readonly Lazy<CudaAccelerator> _cuda = new(() => Context.Create(builder => builder.Cuda()).CreateCudaAccelerator(0));

    /// <summary>A device on one.</summary>
    /// <remarks>Products run without tensor cores, which sum in an order of their own: all that is left is the same bits on every device.</remarks>
    public static GpuOptim.Host.Device Open(string name) => name switch
    {
        "opencl" => new IlgpuDevice(Trimmed(_openCL.Value)),
        "cuda" => new IlgpuDevice(Trimmed(_cuda.Value)) { UseTensorCores = false },
        "ilgpu-cpu" => new IlgpuDevice(Trimmed(_cpu.Value)),
        _ => GpuOptim.Host.Device.Open(name),
    };

    /// <summary>Gives back those that were made.</summary>
    public static void Close()
    {
        Close(_openCL);
        Close(_cpu);
        Close(_cuda);
    }

    /// <summary>Lets a context forget the code that it has read; what is compiled stays.</summary>
    private static T Trimmed<T>(T accelerator) where T : Accelerator
    {
        lock (IlgpuKernels.CompilationIn(accelerator.Context))
        {
            var read = accelerator.Context.GetIRContext();
            if (read.Methods.Count > MostMethods)
                read.ClearCache(ClearCacheMode.Everything);
        }
        return accelerator;
    }

    private static void Close<T>(Lazy<T> accelerator) where T : Accelerator
    {
        if (!accelerator.IsValueCreated)
            return;
        var context = accelerator.Value.Context;
        accelerator.Value.Dispose();
        context.Dispose();
    }
}
