using System.Diagnostics;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.OpenCL;
using GpuOptim.Kernels.Lanes;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Microsoft.Extensions.Logging;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Compiles kernels for an accelerator, each when it is first asked for.</summary>
internal sealed class IlgpuKernels : IDisposable
{
    private readonly Accelerator _accelerator;
    private readonly ILogger? _logger;
    private readonly Backend? _backend;
    private readonly Dictionary<Delegate, Delegate> _launchers = [];
    private readonly List<Kernel> _kernels = [];

    public IlgpuKernels(Accelerator accelerator, ILogger? logger)
    {
        _accelerator = accelerator;
        _logger = logger;
        // An accelerator knows only the instructions that its context knew when it was made; a compiler of our own knows ours.
        if (accelerator is CudaAccelerator cuda)
        {
            PtxCompiler.Register(cuda.Context);
            _backend = new PTXBackend(cuda.Context, cuda.Architecture, cuda.InstructionSet, null!);
        }
        else if (accelerator is CLAccelerator openCL)
        {
            _backend = OpenCLCompiler.CreateBackend(openCL.Context, openCL.Capabilities, openCL.Vendor, openCL.CLStdVersion);
        }
    }

    /// <summary>Compiles the kernel for some element types, or finds it.</summary>
    public TLauncher Get<TKernel, TLauncher>(ElementType element, ElementType gradient, ElementType state)
        where TKernel : ITypedKernel
        where TLauncher : Delegate => Get<TLauncher>(element switch
        {
            ElementType.Float32 => Of<TKernel, Float32Format>(gradient, state),
            ElementType.BFloat16 => Of<TKernel, BFloat16Format>(gradient, state),
            _ => Of<TKernel, Float16Format>(gradient, state),
        });

    /// <summary>Compiles a kernel, or finds it.</summary>
    public TLauncher Get<TLauncher>(Delegate kernel) where TLauncher : Delegate
    {
        if (!_launchers.TryGetValue(kernel, out var launcher))
        {
            var start = Stopwatch.GetTimestamp();
            var loaded = _backend switch
            {
                null => _accelerator.LoadKernel(kernel.Method),
                CLBackend openCL => _accelerator.LoadKernel(OpenCLCompiler.Compile(openCL, kernel.Method)),
                _ => _accelerator.LoadKernel(_backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method), default)),
            };
            _kernels.Add(loaded);
            _launchers.Add(kernel, launcher = loaded.CreateLauncherDelegate<TLauncher>());
            if (_logger is { } logger && logger.IsEnabled(LogLevel.Debug))
            {
                var (name, milliseconds) = ($"{kernel.Method.DeclaringType}", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                Telemetry.KernelCompiled(logger, name, _accelerator.Name, milliseconds);
            }
        }
        return (TLauncher)launcher;
    }

    public void Dispose()
    {
        foreach (var kernel in _kernels)
            kernel.Dispose();
        _backend?.Dispose();
    }

    private static Delegate Of<TKernel, TElement>(ElementType gradient, ElementType state)
        where TKernel : ITypedKernel
        where TElement : IFormat => gradient switch
        {
            ElementType.Float32 => Of<TKernel, TElement, Float32Format>(state),
            ElementType.BFloat16 => Of<TKernel, TElement, BFloat16Format>(state),
            _ => Of<TKernel, TElement, Float16Format>(state),
        };

    private static Delegate Of<TKernel, TElement, TGradient>(ElementType state)
        where TKernel : ITypedKernel
        where TElement : IFormat
        where TGradient : IFormat => state switch
        {
            ElementType.Float32 => TKernel.Of<TElement, TGradient, Float32Format>(),
            ElementType.BFloat16 => TKernel.Of<TElement, TGradient, BFloat16Format>(),
            _ => TKernel.Of<TElement, TGradient, Float16Format>(),
        };
}
