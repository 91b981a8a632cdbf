using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Tensors as they were at one moment, copied to the host's memory, so that they can be written while they change.</summary>
internal sealed class HostSnapshot : IDisposable
{
    /// <summary>Where tensors begin.</summary>
    private const int Alignment = 64;

    private readonly HostBlock _memory;

    private HostSnapshot(CheckpointContent content, HostBlock memory) => (Content, _memory) = (content, memory);

    /// <summary>What was copied.</summary>
    public CheckpointContent Content { get; }

    /// <summary>Copies tensors, waiting for what the device has been given before.</summary>
    /// <param name="content">The tensors.</param>
    /// <param name="device">Where they lie.</param>
    public static HostSnapshot Take(CheckpointContent content, Device device)
    {
        var memory = device.Lend(content.Tensors.Values.Sum(tensor => Aligned(tensor.Bytes.Length)));
        try
        {
            var tensors = new Dictionary<string, StateTensor>();
            var address = memory.Address;
            foreach (var (name, tensor) in content.Tensors)
            {
                Copy(tensor.Bytes, address);
                tensors.Add(name, new(tensor.ElementType, [.. tensor.Shape], new TensorBytes.InMemory(address, tensor.Bytes.Length)));
                address += (nint)Aligned(tensor.Bytes.Length);
            }
            return new(content with { Tensors = tensors }, memory);
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
