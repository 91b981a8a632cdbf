using System.Runtime.InteropServices;

namespace VirtualCard.Driver.Scheduling;

/// <summary>A copy of bytes of the host.</summary>
internal sealed unsafe class HostBytes : IDisposable
{
    public HostBytes(byte* source, ulong length)
    {
        Length = length;
        Data = (byte*)NativeMemory.Alloc((nuint)length);
        Buffer.MemoryCopy(source, Data, length, length);
        GC.AddMemoryPressure((long)length + 1);
    }

    ~HostBytes() => Free();

    public byte* Data { get; private set; }

    public ulong Length { get; }

    /// <summary>The first byte that differs, or -1.</summary>
    public long FirstDifference(byte* other)
    {
        const ulong Most = 1 << 30;
        for (ulong done = 0; done < Length; done += Most)
        {
            var count = (int)Math.Min(Length - done, Most);
            var common = new ReadOnlySpan<byte>(Data + done, count).CommonPrefixLength(new(other + done, count));
            if (common < count)
                return (long)done + common;
        }
        return -1;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Data == null)
            return;
        NativeMemory.Free(Data);
        Data = null;
        GC.RemoveMemoryPressure((long)Length + 1);
    }
}
