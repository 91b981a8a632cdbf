using GpuOptim.Kernels.Ilgpu;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Tests.Support;

/// <summary>A PTX compiler of many kernels, for any threads: it knows the functions of those before, which makes it several times faster.</summary>
internal sealed class SharedCompiler : IDisposable
{
    private readonly Context _context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
    private readonly PTXBackend _backend;

    public SharedCompiler(CudaArchitecture architecture, CudaInstructionSet instructionSet)
    {
        PtxCompiler.Register(_context);
        _backend = new(_context, architecture, instructionSet, null!);
    }

    public string Compile(GpuKernel kernel)
    {
        lock (_backend)
            return kernel.Compile(_backend);
    }

    public void Dispose()
    {
        _backend.Dispose();
        _context.Dispose();
    }
}
