using System.Runtime.InteropServices;

namespace VirtualCard.Memory;

/// <summary>A range of addresses that kernels may use, with what is known of each byte.</summary>
public sealed unsafe class Allocation
{
    /// <summary>Added to the host's address of device memory: an address that no host dereferences.</summary>
    public const ulong DeviceWindow = 1ul << 56;

    internal Allocation(AllocationKind kind, byte* data, long length, bool ownsData, bool isTracked, string name, object? owner)
    {
        (Kind, Length, OwnsData, Name, Owner) = (kind, length, ownsData, name, owner);
        Data = data;
        Start = (ulong)data + (kind == AllocationKind.Device ? DeviceWindow : 0);
        if (isTracked)
            Written = (byte*)NativeMemory.AllocZeroed((nuint)Math.Max(length, 1));
    }

    public AllocationKind Kind { get; }

    /// <summary>The first address that a kernel uses.</summary>
    public ulong Start { get; }

    public long Length { get; }

    public ulong End => Start + (ulong)Length;

    /// <summary>The bytes, in the host's memory.</summary>
    public byte* Data { get; private set; }

    /// <summary>For each byte whether it was ever written; null if that is not tracked.</summary>
    public byte* Written { get; private set; }

    public string Name { get; }

    /// <summary>The context that it belongs to; a kernel of another may use it only where <see cref="Execution.LaunchRequest.MayUse"/> says so.</summary>
    public object? Owner { get; }

    public bool IsFreed { get; private set; }

    /// <summary>For each 32 bytes whether a kernel has loaded any, and whether it has stored any, where a launch counts.</summary>
    internal byte[]? Sectors { get; set; }

    private bool OwnsData { get; }

    /// <summary>Notes that bytes were written.</summary>
    public void MarkWritten(long offset, long length)
    {
        if (Written != null)
            NativeMemory.Fill(Written + offset, (nuint)length, 1);
    }

    /// <summary>The first byte of a range that was never written, or -1.</summary>
    public long FirstUnwritten(long offset, long length)
    {
        const int Most = 1 << 30;
        for (long done = 0; Written != null && done < length; done += Most)
        {
            var index = new ReadOnlySpan<byte>(Written + offset + done, (int)Math.Min(length - done, Most)).IndexOf((byte)0);
            if (index >= 0)
                return offset + done + index;
        }
        return -1;
    }

    /// <summary>Nobody may use it any more.</summary>
    internal void Retire()
    {
        IsFreed = true;
        NativeMemory.Free(Written);
        Data = Written = null;
    }

    /// <summary>Gives its memory back: its addresses may be those of another one.</summary>
    internal void Release()
    {
        if (OwnsData)
            NativeMemory.AlignedFree((byte*)(Start - DeviceWindow));
    }
}
