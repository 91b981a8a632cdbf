using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.OpenCL;
using GpuOptim.Kernels.Lanes;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Microsoft.Extensions.Logging;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The kernels of an accelerator, each compiled when it is first asked for, by whichever of its devices, and kept as long as the accelerator.</summary>
internal sealed class IlgpuKernels : AcceleratorObject
{
    private static readonly ConditionalWeakTable<Accelerator, IlgpuKernels> _all = [];

    /// <summary>A context of ILGPU's learns instructions and compiles for one thread only, and accelerators may share one: a lock for each.</summary>
    private static readonly ConditionalWeakTable<Context, Lock> _compilations = [];

    private readonly Backend? _backend;
    private readonly ConcurrentDictionary<MethodInfo, Delegate> _launchers = [];
    private readonly ConcurrentDictionary<(Type Launcher, UpdateTypes Types), Delegate> _encoded = [];

    private IlgpuKernels(Accelerator accelerator)
        : base(accelerator)
    {
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

    /// <summary>Those of an accelerator.</summary>
    public static IlgpuKernels Of(Accelerator accelerator)
    {
        if (_all.TryGetValue(accelerator, out var kernels))
            return kernels;
        lock (CompilationIn(accelerator.Context))
            return _all.GetValue(accelerator, accelerator => new(accelerator));
    }

    /// <summary>Who holds it compiles in the context, and nobody else.</summary>
    public static Lock CompilationIn(Context context) => _compilations.GetOrCreateValue(context);

    /// <summary>Compiles the kernel for some element types, or finds it.</summary>
    public TLauncher Get<TKernel, TLauncher>(UpdateTypes types, ILogger? logger)
        where TKernel : ITypedKernel
        where TLauncher : Delegate => Get<TLauncher>(types.Element switch
        {
            ElementType.Float32 => Of<TKernel, Float32Format>(types),
            ElementType.BFloat16 => Of<TKernel, BFloat16Format>(types),
            _ => Of<TKernel, Float16Format>(types),
        }, logger);

    /// <summary>Compiles a kernel, or finds it.</summary>
    /// <param name="kernel">Its method.</param>
    /// <param name="logger">Is told if it is compiled.</param>
    public TLauncher Get<TLauncher>(Delegate kernel, ILogger? logger) where TLauncher : Delegate
    {
        // By its method: delegates of one type all hash alike.
        return (TLauncher)(_launchers.TryGetValue(kernel.Method, out var launcher) ? launcher : Add<TLauncher>(kernel.Method, logger));
    }

    /// <summary>Compiles the kernel of an encoded update, or finds it.</summary>
    /// <param name="types">The types of the update; with the launcher's they say which kernel it is.</param>
    /// <param name="find">Finds its method, of these types, for groups of one thread or of more.</param>
    /// <param name="logger">Is told if it is compiled.</param>
    public TLauncher Get<TLauncher>(UpdateTypes types, Func<UpdateTypes, bool, MethodInfo> find, ILogger? logger) where TLauncher : Delegate
    {
        var key = (typeof(TLauncher), types);
        if (!_encoded.TryGetValue(key, out var launcher))
            _encoded[key] = launcher = Add<TLauncher>(find(types, Accelerator is CPUAccelerator), logger);
        return (TLauncher)launcher;
    }

    // On its own, for the sake of all who find their kernel: a lambda's variables are allocated where its method begins.
    private Delegate Add<TLauncher>(MethodInfo kernel, ILogger? logger) where TLauncher : Delegate
    {
        lock (CompilationIn(Accelerator.Context))
            return _launchers.GetOrAdd(kernel, method => Compile<TLauncher>(method, logger));
    }

    private TLauncher Compile<TLauncher>(MethodInfo kernel, ILogger? logger) where TLauncher : Delegate
    {
        var start = Stopwatch.GetTimestamp();
        var loaded = _backend switch
        {
            null => Accelerator.LoadKernel(kernel),
            CLBackend openCL => Accelerator.LoadKernel(OpenCLCompiler.Compile(openCL, kernel)),
            var backend => Accelerator.LoadKernel(PtxCompiler.Compile((PTXBackend)backend, kernel)),
        };
        if (loaded is CudaKernel cuda && kernel.GetCustomAttribute<DynamicSharedMemoryAttribute>() is { } shared)
            CudaDriver.AllowSharedMemory(cuda, shared.Bytes);
        var launcher = loaded.CreateLauncherDelegate<TLauncher>();
        if (logger is not null && logger.IsEnabled(LogLevel.Debug))
        {
            var (name, milliseconds) = ($"{kernel.DeclaringType}", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Telemetry.KernelCompiled(logger, name, Accelerator.Name, milliseconds);
        }
        return launcher;
    }

    /// <inheritdoc/>
    protected override void DisposeAcceleratorObject(bool disposing)
    {
        if (disposing)
            _backend?.Dispose();
    }

    private static Delegate Of<TKernel, TElement>(UpdateTypes types)
        where TKernel : ITypedKernel
        where TElement : IFormat => types.Gradient switch
        {
            ElementType.Float32 => Of<TKernel, TElement, Float32Format>(types),
            ElementType.BFloat16 => Of<TKernel, TElement, BFloat16Format>(types),
            _ => Of<TKernel, TElement, Float16Format>(types),
        };

    private static Delegate Of<TKernel, TElement, TGradient>(UpdateTypes types)
        where TKernel : ITypedKernel
        where TElement : IFormat
        where TGradient : IFormat => (types.State, types.Compute) switch
        {
            (ElementType.Float32, _) => TKernel.Of<TElement, TGradient, Float32Format, Float32Format>(),
            (ElementType.BFloat16, ElementType.Float32) => TKernel.Of<TElement, TGradient, BFloat16Format, Float32Format>(),
            (ElementType.BFloat16, _) => TKernel.Of<TElement, TGradient, BFloat16Format, BFloat16Format>(),
            (_, ElementType.Float32) => TKernel.Of<TElement, TGradient, Float16Format, Float32Format>(),
            _ => TKernel.Of<TElement, TGradient, Float16Format, Float16Format>(),
        };
}
