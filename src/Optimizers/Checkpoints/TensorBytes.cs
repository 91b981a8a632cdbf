using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Where the bytes of a tensor are: in the host's memory, on a device, or in a file.</summary>
internal abstract class TensorBytes
{
    public abstract long Length { get; }

    /// <summary>Reads some of them.</summary>
    public abstract void Read(long offset, Span<byte> destination);

    /// <summary>All of them, in the host's memory.</summary>
    public virtual byte[] ToArray()
    {
        var bytes = new byte[Length];
        Read(0, bytes);
        return bytes;
    }

    /// <summary>In an array.</summary>
    public sealed class OnHost(byte[] bytes) : TensorBytes
    {
        public override long Length => bytes.Length;

        public override void Read(long offset, Span<byte> destination) => bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);

        public override byte[] ToArray() => bytes;
    }

    /// <summary>In a buffer of a device, as it is when it is read.</summary>
    public sealed class OnDevice(DeviceBuffer buffer) : TensorBytes
    {
        public override long Length => buffer.SizeInBytes;

        public override void Read(long offset, Span<byte> destination) => buffer.Device.CopyToHost(buffer.Address + (nint)offset, destination);
    }

    /// <summary>In a part of others.</summary>
    public sealed class Part(TensorBytes bytes, long start, long length) : TensorBytes
    {
        public override long Length => length;

        public override void Read(long offset, Span<byte> destination) => bytes.Read(start + offset, destination);
    }

    /// <summary>In the host's memory, outside of the garbage collector's.</summary>
    public sealed unsafe class InMemory(nint address, long length) : TensorBytes
    {
        public override long Length => length;

        public override void Read(long offset, Span<byte> destination) => new ReadOnlySpan<byte>((byte*)address + offset, destination.Length).CopyTo(destination);
    }

    /// <summary>In a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="entry">Which tensor of it.</param>
    /// <param name="transfer">Is told what was read.</param>
    public sealed class InFile(SafetensorsFile file, SafetensorsEntry entry, Transfer? transfer = null) : TensorBytes
    {
        public override long Length => entry.Length;

        public override void Read(long offset, Span<byte> destination)
        {
            file.Read(entry, offset, destination);
            transfer?.Advance(destination.Length);
        }
    }
}
