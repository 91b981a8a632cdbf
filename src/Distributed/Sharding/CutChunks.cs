using GpuOptim.Host;
using GpuOptim.Kernels.Norms;

namespace GpuOptim.Distributed.Sharding;

/// <summary>Chunks of norms of which several ranks have a part, put together on all: each adds its part to zeros.</summary>
internal sealed class CutChunks(ICommunicator communicator, ElementType type) : IDisposable
{
    private readonly List<(WholeTensor Tensor, long Start, long End)> _chunks = [];
    private readonly List<(int Chunk, WholeTensor Tensor, long Start)> _parts = [];
    private DeviceBuffer? _memory;
    private CopyTable? _copy;

    public ElementType Type => type;

    /// <summary>Adds a chunk.</summary>
    /// <returns>Its index.</returns>
    public int Add(WholeTensor tensor, long start, long end)
    {
        _chunks.Add((tensor, start, end));
        return _chunks.Count - 1;
    }

    /// <summary>Where a chunk is.</summary>
    public nint AddressOf(int chunk) => _memory!.Address + (nint)chunk * NormOrder.ChunkLength * type.Size();

    /// <summary>Puts them together.</summary>
    public void PutTogether()
    {
        if (_memory is null)
            Build();
        _memory!.Clear();
        for (var i = 0; i < _parts.Count; i++)
            _copy!.Sources[i] = _parts[i].Tensor.GradientAt(_parts[i].Start);
        _copy?.Run();
        communicator.AllReduce(_memory.Address, _memory.Length, WireTypes.Of(type)).Wait();
    }

    public void Dispose()
    {
        _copy?.Dispose();
        _memory?.Dispose();
    }

    private void Build()
    {
        _memory = communicator.Device.CreateBuffer(type, (long)_chunks.Count * NormOrder.ChunkLength);
        List<(nint Address, long Length)> places = [];
        for (var chunk = 0; chunk < _chunks.Count; chunk++)
        {
            var (tensor, start, end) = _chunks[chunk];
            var (own, length) = tensor.Slices![communicator.Rank];
            var (first, last) = (Math.Max(start, own), Math.Min(end, own + length));
            if (first >= last)
                continue;
            _parts.Add((chunk, tensor, first));
            places.Add((AddressOf(chunk) + (nint)((first - start) * type.Size()), last - first));
        }
        if (places.Count > 0)
            _copy = new(communicator.Device, type, type, places);
    }
}
