using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Compiles kernels for an accelerator, each when it is first asked for.</summary>
internal sealed class IlgpuKernels : IDisposable
{
    private readonly Accelerator _accelerator;
    private readonly PTXBackend? _backend;
    private readonly Dictionary<Delegate, Delegate> _launchers = [];
    private readonly List<Kernel> _kernels = [];

    public IlgpuKernels(Accelerator accelerator)
    {
        _accelerator = accelerator;
        // An accelerator knows only the instructions that its context knew when it was made; a compiler of our own knows ours.
        if (accelerator is CudaAccelerator cuda)
        {
            Ptx.Register(cuda.Context);
            _backend = new PTXBackend(cuda.Context, cuda.Architecture, cuda.InstructionSet, null!);
        }
    }

    /// <summary>The fused update by a rule.</summary>
    public UpdateLauncher<TRule> Update<TRule>(ElementType element, ElementType gradient, ElementType state) where TRule : unmanaged, IUpdateRule => element switch
    {
        ElementType.Float32 => Update<TRule, Float32Format>(gradient, state),
        ElementType.BFloat16 => Update<TRule, BFloat16Format>(gradient, state),
        _ => Update<TRule, Float16Format>(gradient, state),
    };

    /// <summary>Compiles a kernel, or finds it.</summary>
    public TLauncher Get<TLauncher>(Delegate kernel) where TLauncher : Delegate
    {
        if (!_launchers.TryGetValue(kernel, out var launcher))
        {
            var loaded = _backend is null
                ? _accelerator.LoadKernel(kernel.Method)
                : _accelerator.LoadKernel(_backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method), default));
            _kernels.Add(loaded);
            _launchers.Add(kernel, launcher = loaded.CreateLauncherDelegate<TLauncher>());
        }
        return (TLauncher)launcher;
    }

    public void Dispose()
    {
        foreach (var kernel in _kernels)
            kernel.Dispose();
        _backend?.Dispose();
    }

    private UpdateLauncher<TRule> Update<TRule, TElement>(ElementType gradient, ElementType state)
        where TRule : unmanaged, IUpdateRule
        where TElement : IFormat => gradient switch
        {
            ElementType.Float32 => Update<TRule, TElement, Float32Format>(state),
            ElementType.BFloat16 => Update<TRule, TElement, BFloat16Format>(state),
            _ => Update<TRule, TElement, Float16Format>(state),
        };

    private UpdateLauncher<TRule> Update<TRule, TElement, TGradient>(ElementType state)
        where TRule : unmanaged, IUpdateRule
        where TElement : IFormat
        where TGradient : IFormat => state switch
        {
            ElementType.Float32 => Update<TRule, TElement, TGradient, Float32Format>(),
            ElementType.BFloat16 => Update<TRule, TElement, TGradient, BFloat16Format>(),
            _ => Update<TRule, TElement, TGradient, Float16Format>(),
        };

    private UpdateLauncher<TRule> Update<TRule, TElement, TGradient, TState>()
        where TRule : unmanaged, IUpdateRule
        where TElement : IFormat
        where TGradient : IFormat
        where TState : IFormat =>
        Get<UpdateLauncher<TRule>>(UpdateKernel<TRule, TElement, TGradient, TState>.Run);
}
