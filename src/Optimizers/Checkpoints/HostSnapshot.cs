using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Tensors as they were at one moment, copied to the host's memory, so that they can be written while they change.</summary>
internal sealed class HostSnapshot : IDisposable
{
    /// <summary>Where tensors begin.</summary>
    private const int Alignment = 64;

    private readonly HostBlock _memory;

    private HostSnapshot(TensorBytes[] copies, HostBlock memory) => (Copies, _memory) = (copies, memory);

    /// <summary>What was copied, in the order in which it was given.</summary>
    public IReadOnlyList<TensorBytes> Copies { get; }

    /// <summary>Copies tensors, waiting for what the device has been given before.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="device">Where they lie.</param>
    public static HostSnapshot Take(IEnumerable<TensorBytes> tensors, Device device)
    {
        TensorBytes[] all = [.. tensors];
        var memory = device.Lend(all.Sum(bytes => Aligned(bytes.Length)));
        try
        {
            var copies = new TensorBytes[all.Length];
            var address = memory.Address;
            for (var i = 0; i < all.Length; i++)
            {
                Copy(all[i], address);
                copies[i] = new TensorBytes.InMemory(address, all[i].Length);
                address += (nint)Aligned(all[i].Length);
            }
            return new(copies, memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    public void Dispose() => _memory.Dispose();

    private static unsafe void Copy(TensorBytes bytes, nint address)
    {
        // A span has at most 2 GB.
        const int Piece = 1 << 30;
        for (var offset = 0L; offset < bytes.Length; offset += Piece)
            bytes.Read(offset, new Span<byte>((byte*)address + offset, (int)Math.Min(Piece, bytes.Length - offset)));
    }

    private static long Aligned(long length) => (length + Alignment - 1) / Alignment * Alignment;
}
