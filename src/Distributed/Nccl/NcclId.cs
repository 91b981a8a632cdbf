using System.Runtime.InteropServices;

namespace GpuOptim.Distributed.Nccl;

/// <summary>What ranks find each other by: 128 bytes that one of them draws, <c>ncclUniqueId</c>.</summary>
internal unsafe struct NcclId
{
    public const int Length = 128;

    private fixed byte _bytes[Length];

    /// <summary>The bytes.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public Span<byte> Bytes => MemoryMarshal.CreateSpan(ref _bytes[0], Length);

    public static NcclId Of(ReadOnlySpan<byte> bytes)
    {
        NcclId id = default;
        bytes.CopyTo(id.Bytes);
        return id;
    }
}
