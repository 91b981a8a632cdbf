namespace GpuOptim.Host.Simd;

/// <summary>
/// The table of a fused update on the CPU. All tensors, laid end to end, are cut into chunks of equal size, so that one huge tensor
/// keeps all cores busy and thousands of small ones share a chunk.
/// </summary>
internal sealed class SimdUpdateBatch : UpdateBatch
{
    /// <summary>Elements in a chunk: large enough to hide the cost of taking one, small enough to share out evenly.</summary>
    public const int ChunkLength = 1 << 15;

    private readonly UpdateSegment[] _segments;
    private nint[] _kernels = [];

    /// <summary>Where each chunk begins: the index of its first tensor and of the element in it.</summary>
    private readonly (int Segment, long Offset)[] _starts;

    public SimdUpdateBatch(ElementType elementType, ElementType stateType, ReadOnlySpan<UpdateSegment> segments)
        : base(elementType, stateType, segments)
    {
        _segments = segments.ToArray();
        var starts = new List<(int, long)>();
        var room = 0L;
        for (var i = 0; i < _segments.Length; i++)
        {
            for (var offset = 0L; offset < _segments[i].Length;)
            {
                if (room == 0)
                {
                    starts.Add((i, offset));
                    room = ChunkLength;
                }
                var taken = Math.Min(room, _segments[i].Length - offset);
                offset += taken;
                room -= taken;
            }
        }
        _starts = [.. starts];
    }

    public int Chunks => _starts.Length;

    public ReadOnlySpan<UpdateSegment> Segments => _segments;

    /// <summary>Room for the loop of each rule of a step, kept from step to step.</summary>
    public nint[] Kernels(int rules)
    {
        if (_kernels.Length < rules)
            _kernels = new nint[rules];
        return _kernels;
    }

    public (int Segment, long Offset) Start(int chunk) => _starts[chunk];
}
