using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Page-locked memory through which bytes go to the accelerator without the host waiting for them.</summary>
internal sealed class IlgpuUploadRing(Accelerator accelerator, AcceleratorStream stream) : IDisposable
{
    /// <summary>Uploads that may be under way at once.</summary>
    public const int Length = 32;

    private readonly Slot?[] _slots = new Slot?[Length];
    private int _next;

    /// <summary>Copies bytes; the source may change as soon as this returns.</summary>
    /// <returns>Whether the host had to wait, for an upload of long ago.</returns>
    public bool Upload(ReadOnlySpan<byte> source, ArrayView<byte> destination)
    {
        ref var slot = ref _slots[_next];
        _next = (_next + 1) % Length;
        var waited = slot is not null && slot.Fence.Wait();
        if (slot is null || slot.Memory.Length < source.Length)
        {
            slot?.Dispose();
            slot = new(accelerator.AllocatePageLocked1D<byte>(Math.Max(4096, 2L * source.Length)), new(stream));
        }
        source.CopyTo(slot.Memory.Span);
        destination.CopyFrom(stream, slot.Memory.ArrayView.SubView(0, source.Length));
        slot.Fence.Record();
        return waited;
    }

    public void Dispose()
    {
        // An accelerator that went first took all with it.
        if (accelerator.IsDisposed)
            return;
        foreach (var slot in _slots)
        {
            slot?.Fence.Wait();
            slot?.Dispose();
        }
    }

    private sealed record Slot(PageLockedArray1D<byte> Memory, IlgpuFence Fence) : IDisposable
    {
        public void Dispose()
        {
            Memory.Dispose();
            Fence.Dispose();
        }
    }
}
