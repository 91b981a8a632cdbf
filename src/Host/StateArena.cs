namespace GpuOptim.Host;

/// <summary>
/// The memory of an optimizer's state. Tensors that come together lie in one allocation and never move. Each lies on a cache line's boundary, or
/// behind the one before it where its parameter does, too: a model in one piece of memory has its state in one piece, and a step can go through
/// both without looking where a tensor ends.
/// </summary>
internal sealed class StateArena(Device device) : IDisposable
{
    private const int Alignment = 64;
    private const int VectorBytes = 16;

    private readonly List<DeviceBuffer> _blocks = [];

    /// <summary>How many bytes there are.</summary>
    public long Bytes => _blocks.Sum(block => block.SizeInBytes);

    /// <summary>Zeroed tensors of one type and some lengths, all in one allocation.</summary>
    public DeviceBuffer[] Allocate(ElementType elementType, ReadOnlySpan<long> lengths)
    {
        var quantum = Alignment / elementType.Size();
        var starts = new long[lengths.Length];
        var total = 0L;
        for (var i = 0; i < lengths.Length; i++)
        {
            starts[i] = total;
            total = checked(total + lengths[i] + quantum - 1) / quantum * quantum;
        }
        return Allocate(elementType, total, starts, lengths);
    }

    /// <summary>A zeroed tensor of one type for each parameter, of its length, all in one allocation.</summary>
    public DeviceBuffer[] Allocate(ElementType elementType, ReadOnlySpan<Parameter> parameters)
    {
        var quantum = Alignment / elementType.Size();
        var starts = new long[parameters.Length];
        var lengths = new long[parameters.Length];
        var total = 0L;
        for (var i = 0; i < parameters.Length; i++)
        {
            // Parameters may be of several types; state counts in elements of its own. It is never less aligned for a GPU's loads than its parameter.
            var follows = i > 0
                && parameters[i].Data.Address == parameters[i - 1].Data.Address + (nint)parameters[i - 1].Data.SizeInBytes
                && (parameters[i].Data.Address % VectorBytes != 0 || total * elementType.Size() % VectorBytes == 0);
            if (!follows)
                total = checked(total + quantum - 1) / quantum * quantum;
            starts[i] = total;
            lengths[i] = parameters[i].Length;
            total = checked(total + lengths[i]);
        }
        return Allocate(elementType, total, starts, lengths);
    }

    private DeviceBuffer[] Allocate(ElementType elementType, long total, ReadOnlySpan<long> starts, ReadOnlySpan<long> lengths)
    {
        var block = device.CreateBuffer(elementType, total);
        _blocks.Add(block);
        var tensors = new DeviceBuffer[lengths.Length];
        for (var i = 0; i < lengths.Length; i++)
            tensors[i] = block.SliceUntyped(starts[i], lengths[i]);
        return tensors;
    }

    public void Dispose()
    {
        foreach (var block in _blocks)
            block.Dispose();
    }
}
