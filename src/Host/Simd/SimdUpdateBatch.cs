using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Simd;

namespace GpuOptim.Host.Simd;

/// <summary>
/// The table of a fused update on the CPU. All tensors, laid end to end, are cut into chunks of equal size, so that one huge tensor
/// keeps all cores busy and thousands of small ones share a chunk. What a chunk has of each tensor is laid out once, in the order in
/// which steps walk through it.
/// </summary>
internal sealed unsafe class SimdUpdateBatch : UpdateBatch
{
    /// <summary>Elements in a chunk: large enough to hide the cost of taking one, small enough to share out evenly.</summary>
    public const int ChunkLength = 1 << 15;

    /// <summary>Chunks that take as long as it takes to wake a thread: about 50 microseconds.</summary>
    public const int ChunksWorthWaking = 8;

    /// <summary>What a large cache holds. From memory, the processor asks ahead for two streams as well as can be done.</summary>
    private const long CacheBytes = 32 << 20;

    // Pinned, since kernels take addresses.
    private readonly UpdatePiece[] _pieces;
    private readonly UpdatePiece[] _averagePieces;
    private readonly nint[] _parameters;

    /// <summary>The first piece of each chunk, and at last the number of pieces.</summary>
    private readonly int[] _firstPieces;

    private readonly int[] _firstAveragePieces;
    private readonly bool[] _liesBehind;

    private readonly EncodedTensor[] _encoded = [];

    private nint[] _kernels = [];

    public SimdUpdateBatch(UpdateTypes types, ReadOnlySpan<UpdateSegment> segments)
        : base(types, segments)
    {
        int elementSize = types.Element.Size(), stateSize = types.State.Size();
        if (types.IsEncoded)
            (EncodedLoop, _encoded) = (new(types), Encoded(segments));
        var total = 0L;
        foreach (ref readonly var segment in segments)
        {
            total += Room(segment.Length);
            AsksAhead |= segment.State0 != 0;
        }
        AsksAhead |= 2 * total * elementSize < CacheBytes;
        var chunks = checked((int)((total + ChunkLength - 1) / ChunkLength));
        _firstPieces = new int[chunks + 1];
        _firstAveragePieces = new int[chunks + 1];
        // A chunk begins with the rest of a tensor at most, so there are no more pieces than both together.
        _pieces = GC.AllocateUninitializedArray<UpdatePiece>(segments.Length + chunks, pinned: true);
        _liesBehind = new bool[_pieces.Length];
        _averagePieces = GC.AllocateUninitializedArray<UpdatePiece>(HasAverages ? _pieces.Length : 0, pinned: true);
        _parameters = GC.AllocateUninitializedArray<nint>(HasAverages ? segments.Length : 0, pinned: true);

        int chunk = 0, count = 0, averages = 0;
        var room = 0L;
        for (var i = 0; i < segments.Length; i++)
        {
            ref readonly var segment = ref segments[i];
            for (var offset = 0L; offset < segment.Length;)
            {
                if (room == 0)
                {
                    (_firstPieces[chunk], _firstAveragePieces[chunk]) = (count, averages);
                    chunk++;
                    room = ChunkLength;
                }
                var taken = (int)Math.Min(room, segment.Length - offset);
                _pieces[count] = new(
                    At(segment.Parameter, offset, elementSize),
                    At(segment.State0, offset, stateSize),
                    At(segment.State1, offset, stateSize),
                    At(segment.State2, offset, stateSize),
                    (nint)offset,
                    i,
                    taken);
                _liesBehind[count] = count > 0 && IsBehind(_pieces[count - 1], _pieces[count], elementSize, stateSize);
                count++;
                // An average takes the parameter in the gradient's place.
                if (segment.Average != 0)
                    _averagePieces[averages++] = new(At(segment.Average, offset, elementSize), 0, 0, 0, (nint)offset, i, taken);
                offset += taken;
                room -= Room(taken);
            }
            if (HasAverages)
                _parameters[i] = segment.Parameter;
        }
        (_firstPieces[chunks], _firstAveragePieces[chunks]) = (count, averages);
    }

    public int Chunks => _firstPieces.Length - 1;

    /// <summary>What goes through tensors some of whose numbers are encoded, if these are.</summary>
    public EncodedLoop EncodedLoop { get; }

    /// <summary>Where encoded tensors have what.</summary>
    public ReadOnlySpan<EncodedTensor> EncodedTensors => _encoded;

    /// <summary>Whether loops are to ask ahead for what they will load.</summary>
    public bool AsksAhead { get; }

    /// <summary>What each chunk has of each tensor, chunk by chunk.</summary>
    public UpdatePiece* Pieces => Address(_pieces);

    /// <summary>How many there are.</summary>
    public int PieceCount => _firstPieces[^1];

    /// <summary>For each piece, whether its parameter and all of its state lie right behind those of the piece before.</summary>
    public ReadOnlySpan<bool> LiesBehind => _liesBehind;

    /// <summary>The pieces of averages, which take <see cref="Parameters"/> in the gradients' place.</summary>
    public UpdatePiece* AveragePieces => Address(_averagePieces);

    /// <summary>Where each parameter begins, if some have an average.</summary>
    public nint* Parameters => Address(_parameters);

    /// <summary>The first piece of a chunk and the first of the one behind it.</summary>
    public (int First, int End) PiecesOf(int chunk) => (_firstPieces[chunk], _firstPieces[chunk + 1]);

    /// <summary>The same of averages.</summary>
    public (int First, int End) AveragePiecesOf(int chunk) => (_firstAveragePieces[chunk], _firstAveragePieces[chunk + 1]);

    /// <summary>Room for the loop of each rule of a step, kept from step to step.</summary>
    public nint[] Kernels(int rules)
    {
        if (_kernels.Length < rules)
            _kernels = new nint[rules];
        return _kernels;
    }

    private static bool IsBehind(in UpdatePiece before, in UpdatePiece piece, int elementSize, int stateSize) =>
        piece.Parameter == At(before.Parameter, before.Length, elementSize)
        && piece.State0 == At(before.State0, before.Length, stateSize)
        && piece.State1 == At(before.State1, before.Length, stateSize)
        && piece.State2 == At(before.State2, before.Length, stateSize);

    /// <summary>Where the numbers of tensors lie, with what their encodings keep besides.</summary>
    private static EncodedTensor[] Encoded(ReadOnlySpan<UpdateSegment> segments)
    {
        var encoded = new EncodedTensor[segments.Length];
        for (var i = 0; i < segments.Length; i++)
            encoded[i] = segments[i].ToEncoded();
        return encoded;
    }

    /// <summary>How much of a chunk some elements take: whole blocks, where there are blocks, so that none is cut.</summary>
    private long Room(long length) => IsEncoded ? EncodedStretch.Blocks(length) * EncodedStretch.BlockLength : length;

    private static nint At(nint address, long offset, int size) => address == 0 ? 0 : address + (nint)offset * size;

    private static T* Address<T>(T[] pinned) where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
}
