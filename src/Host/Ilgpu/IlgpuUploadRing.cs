using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Page-locked memory through which bytes go to the accelerator without the host waiting for them. Several threads may use it.</summary>
/// <remarks>
/// Short uploads share four parts of memory, each with one point in the stream behind its last upload, so that most ask the driver for a copy and nothing
/// else; long ones have memory each.
/// </remarks>
internal sealed class IlgpuUploadRing(Accelerator accelerator, AcceleratorStream stream) : IDisposable
{
    /// <summary>Uploads that may be under way at once, at least.</summary>
    public const int Length = 32;

    /// <summary>Bytes of a short upload at most.</summary>
    private const int ShortLength = 4096;

    private const int PartLength = 16 * ShortLength;

    private readonly Lock _gate = new();
    private readonly Rotation<Slot> _slots = new(Length);
    private readonly IlgpuFence?[] _parts = new IlgpuFence?[4];
    private HostMemory? _memory;
    private int _part;
    private int _used;

    /// <summary>Copies bytes; the source may change as soon as this returns.</summary>
    /// <returns>Whether the host had to wait, for an upload of long ago.</returns>
    public bool Upload(ReadOnlySpan<byte> source, ArrayView<byte> destination)
    {
        lock (_gate)
            return source.Length <= ShortLength ? UploadShort(source, destination) : UploadLong(source, destination);
    }

    public void Dispose()
    {
        // An accelerator that went first took all with it.
        if (accelerator.IsDisposed)
            return;
        _parts[_part]?.Record();
        foreach (var part in _parts)
        {
            part?.Wait();
            part?.Dispose();
        }
        _memory?.Dispose();
        foreach (var slot in _slots.All)
        {
            slot.Fence.Wait();
            slot.Dispose();
        }
    }

    private bool UploadShort(ReadOnlySpan<byte> source, ArrayView<byte> destination)
    {
        // Parts begin where a cache line does, and so do uploads.
        const int Alignment = 64;
        if (_memory is null)
        {
            _memory = new(accelerator, _parts.Length * PartLength);
            for (var i = 0; i < _parts.Length; i++)
                _parts[i] = new(stream);
        }
        var waited = false;
        if (_used + source.Length > PartLength)
        {
            _parts[_part]!.Record();
            _part = (_part + 1) % _parts.Length;
            waited = _parts[_part]!.Wait();
            _used = 0;
        }
        Copy(source, _memory, _part * PartLength + _used, destination);
        _used += (source.Length + Alignment - 1) / Alignment * Alignment;
        return waited;
    }

    private bool UploadLong(ReadOnlySpan<byte> source, ArrayView<byte> destination)
    {
        var (slot, waited) = Take(source.Length);
        Copy(source, slot.Memory, 0, destination);
        slot.Fence.Record();
        return waited;
    }

    private void Copy(ReadOnlySpan<byte> source, HostMemory memory, int start, ArrayView<byte> destination)
    {
        source.CopyTo(memory.Span[start..]);
        memory.CopyTo(start, destination, stream);
    }

    /// <summary>Memory that no upload needs any more.</summary>
    private (Slot Slot, bool Waited) Take(int length)
    {
        if (_slots.Next is not { } slot || (!slot.Fence.IsPassed && !_slots.IsFull))
        {
            slot = new(new(accelerator, checked(2 * length)), new(stream));
            _slots.Add(slot);
            return (slot, false);
        }
        var waited = slot.Fence.Wait();
        if (slot.Memory.Length < length)
        {
            slot.Dispose();
            slot = new(new(accelerator, checked(2 * length)), new(stream));
            _slots.Replace(slot);
        }
        _slots.Advance();
        return (slot, waited);
    }

    private sealed record Slot(HostMemory Memory, IlgpuFence Fence) : IDisposable
    {
        public void Dispose()
        {
            Memory.Dispose();
            Fence.Dispose();
        }
    }
}
