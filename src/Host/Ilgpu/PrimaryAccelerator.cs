using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu;

/// <summary>An accelerator of ILGPU's on a device's primary context: the one that CUDA's runtime works in, and so most libraries.</summary>
/// <remarks>
/// ILGPU makes a context of its own for an accelerator, makes it current before each call, and destroys it at the end. Nothing of it is in use yet when
/// the accelerator is new: the default stream is no object of the context's, and kernels are loaded later. So that context goes at once, and
/// the primary one takes its place, until all that was made in it is disposed of; then it is released, and ILGPU given a fresh context to destroy. This
/// happens whoever disposes of the accelerator.
/// </remarks>
internal sealed class PrimaryAccelerator : IDisposable
{
    private readonly Context _context;
    private readonly nint _primary;
    private readonly ulong _id;
    private readonly Lock _gate = new();
    private Release? _release;

    /// <summary>Retains the primary context, and makes an accelerator for it.</summary>
    /// <param name="index">The device's number, as CUDA counts.</param>
    public PrimaryAccelerator(int index)
    {
        ThrowIfNoDevice(index);
        using var thread = CudaThread.Keep();
        CudaException.ThrowIfFailed(CudaDriver.RetainPrimary(index, out _primary));
        try
        {
            _id = CudaDriver.IdOf(_primary);
            _context = Context.Create(builder => builder.Cuda(device => device.DeviceId == index));
            try
            {
                Accelerator = _context.GetCudaDevices() is { Count: 1 } devices
                    ? devices[0].CreateCudaAccelerator(_context)
                    : throw new NotSupportedException($"ILGPU cannot work on CUDA device {index}.");
            }
            catch
            {
                _context.Dispose();
                throw;
            }
        }
        catch
        {
            CudaDriver.ReleasePrimary(index);
            throw;
        }
        var own = Accelerator.NativePtr;
        Exchange(Accelerator, _primary);
        // From here on the accelerator's own disposal undoes it all.
        Accelerator.Disposed += (_, _) => PrepareDisposal();
        CudaDriver.PopContext();
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.DestroyContext(own));
    }

    /// <summary>The accelerator.</summary>
    public CudaAccelerator Accelerator { get; }

    /// <summary>Whether the primary context was found to be gone, by a reset: what lay in it is gone, too.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Looks whether the primary context is still the one that was retained, and none that came after a reset.</summary>
    /// <remarks>If not, ILGPU's finalizers, which make the accelerator's context current and must not fail, get another one at once.</remarks>
    public bool IsAlive()
    {
        lock (_gate)
        {
            if (!IsLost && (!CudaDriver.IsPrimaryActive(Accelerator.DeviceId) || CudaDriver.IdOf(_primary) != _id))
            {
                IsLost = true;
                GiveBack();
            }
            return !IsLost;
        }
    }

    /// <summary>Refuses a stream of another context.</summary>
    /// <exception cref="ArgumentException">It is one.</exception>
    public void ThrowIfForeign(nint stream)
    {
        using var scope = CudaScope.Enter(Accelerator);
        if (CudaDriver.ContextOf(stream, out var context) is var error && error != CudaError.CUDA_SUCCESS)
            throw new ArgumentException($"stream must be a stream of device {Accelerator.DeviceId}, or 0. To 0x{stream:x}, CUDA answered {error}.", nameof(stream));
        if (context != _primary)
            throw new ArgumentException($"stream must be of the primary context of device {Accelerator.DeviceId}. Actual value was 0x{stream:x}, a stream of another device or context.", nameof(stream));
    }

    public void Dispose()
    {
        using var thread = CudaThread.Keep();
        Accelerator.Dispose();
        _context.Dispose();
    }

    private static void ThrowIfNoDevice(int index)
    {
        if (CudaDevice.GetDevices(_ => true).IsEmpty || CudaDriver.CountDevices(out var count) != CudaError.CUDA_SUCCESS)
            throw new NotSupportedException($"The primary context is that of a CUDA device. This machine has none{(CudaDriver.FindFailure() is { } failure ? $": {failure}" : "")}.");
        if (index < 0 || index >= count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"index must be in [0, {count}), the numbers of this machine's CUDA devices.");
    }

    /// <summary>Puts a context in the place of an accelerator's.</summary>
    private static void Exchange(CudaAccelerator accelerator, nint context) => SetNativePtr(accelerator, context);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_NativePtr")]
    private static extern void SetNativePtr(Accelerator accelerator, nint context);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "childObjects")]
    private static extern ref List<WeakReference<AcceleratorObject>> ChildrenOf(Accelerator accelerator);

    /// <summary>Has the accelerator, which is about to dispose of its objects, and then to destroy its context, do the latter to one of its own.</summary>
    /// <remarks>The accelerator's lock is held. What a reset took with it need not be given back, and the driver would answer so.</remarks>
    private void PrepareDisposal()
    {
        if (IsAlive())
            _release = new(this);
        else
            ChildrenOf(Accelerator).Clear();
    }

    /// <summary>Puts a context that ILGPU may destroy in the primary one's place, and releases that.</summary>
    private void GiveBack()
    {
        if (CudaAPI.CurrentAPI.CreateContext(out var own, CudaAcceleratorFlags.ScheduleAuto, Accelerator.DeviceId) == CudaError.CUDA_SUCCESS)
            CudaDriver.PopContext();
        Exchange(Accelerator, own);
        CudaDriver.ReleasePrimary(Accelerator.DeviceId);
    }

    /// <summary>The last object of the accelerator, since it is the last that was made: objects go in that order, then the context.</summary>
    private sealed class Release(PrimaryAccelerator owner) : AcceleratorObject(owner.Accelerator)
    {
        protected override void DisposeAcceleratorObject(bool disposing) => owner.GiveBack();
    }
}
