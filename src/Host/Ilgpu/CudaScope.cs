using System.Runtime.CompilerServices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>
/// A while in which an accelerator's context is current for this thread. Afterwards the thread is as it was: for CUDA, and for ILGPU, which keeps an
/// account of its own and does not notice when others, as <c>cudaSetDevice</c> does, make another context current.
/// </summary>
/// <remarks>On other accelerators than CUDA's, and on those that were disposed of, nothing happens.</remarks>
internal readonly ref struct CudaScope
{
    private readonly bool _isEntered;
    private readonly bool _isPushed;
    private readonly Accelerator? _before;

    private CudaScope(Accelerator? before, bool isPushed) => (_isEntered, _before, _isPushed) = (true, before, isPushed);

    /// <summary>Makes an accelerator's context current.</summary>
    /// <exception cref="CudaException">The context was destroyed.</exception>
    public static CudaScope Enter(Accelerator accelerator)
    {
        if (accelerator is not CudaAccelerator || accelerator.NativePtr is not (not 0 and var context))
            return default;
        ref var current = ref CurrentOf(null);
        var before = current;
        var isCurrent = CudaDriver.CurrentContext == context;
        if (isCurrent && before == accelerator)
            return default;
        if (!isCurrent)
            CudaException.ThrowIfFailed(CudaDriver.PushContext(context));
        current = accelerator;
        // If it was not current, what ILGPU took it for was wrong.
        return new(before == accelerator ? null : before, isPushed: !isCurrent);
    }

    public void Dispose()
    {
        if (!_isEntered)
            return;
        if (_isPushed)
            CudaDriver.PopContext();
        CurrentOf(null) = _before;
    }

    /// <summary>What ILGPU takes for the accelerator that is current for this thread.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = "currentAccelerator")]
    internal static extern ref Accelerator? CurrentOf(Accelerator? type);
}
