using GpuOptim.Optimizers;

namespace GpuOptim.Distributed.Sharding;

/// <summary>Matrices of which each rank has some rows: these come to the owner, and the rows' directions go back, all to all.</summary>
/// <param name="communicator">The ranks.</param>
/// <param name="options">How they work.</param>
/// <param name="number">Its number.</param>
/// <param name="pieces">The matrices, by owner.</param>
/// <param name="group">The options of their group.</param>
internal sealed class SlicedMatrixBucket(ICommunicator communicator, ShardedOptions options, int number, List<Piece> pieces, Func<MuonOptionsBase> group)
    : Bucket(communicator, options, number, pieces)
{
    // What this rank has of all matrices, by owner; and what all ranks have of this rank's matrices, by rank.
    private readonly (Piece Piece, long Start, long Length)[] _held = [.. pieces.Select(piece => (piece, piece.Overlap(communicator.Rank).Start, piece.Overlap(communicator.Rank).Length))];
    private readonly long[] _heldOffsets = new long[pieces.Count];
    private readonly long[] _sent = new long[communicator.Size];
    private readonly long[] _received = new long[communicator.Size];
    private readonly List<(long Start, long Length)> _parts = [];
    private CopyTable? _pack;
    private CopyTable? _assemble;
    private CopyTable? _cut;
    private DirectionTable? _apply;
    private Collective? _pending;

    // Rows that this rank has, then this rank's matrices, then these in the order in which they are sent.
    public override long FlatBytes => (HeldLength + 2 * OwnLength) * Math.Max(GradientType.Size(), DirectionType.Size());

    public override long ReceivedBytes => OwnLength * GradientType.Size();

    public override long BytesSent =>
        (_held.Where(each => each.Piece.Owner != Communicator.Rank).Sum(each => each.Length) * GradientType.Size())
        + ((OwnLength - _held.Where(each => each.Piece.Owner == Communicator.Rank).Sum(each => each.Length)) * DirectionType.Size());

    private long HeldLength => _held.Sum(each => each.Length);

    private ElementType DirectionType => group().DirectionType;

    public override void BeginReduce()
    {
        for (var i = 0; i < _held.Length; i++)
            _pack!.Sources[i] = _held[i].Length == 0 ? 0 : _held[i].Piece.Tensor.GradientAt(_held[i].Start);
        _pack!.Run();
        _pending = Communicator.AllToAll(Flat, _sent, Received, _received, WireTypes.Of(GradientType));
    }

    public override void EndReduce()
    {
        _pending!.Wait();
        _assemble?.Run();
    }

    public override void BeforeUpdate()
    {
    }

    public override nint DataAddress(Piece piece, long offset) => At(Flat, HeldLength + offset, DirectionType);

    public override void BeginReturn()
    {
        _cut?.Run();
        _pending = Communicator.AllToAll(At(Flat, HeldLength + OwnLength, DirectionType), _received, Flat, _sent, WireTypes.Of(DirectionType));
    }

    public override void EndReturn() => _pending!.Wait();

    public override void Apply() =>
        _apply!.Run(group(), i => _held[i].Length == 0 ? 0 : At(Flat, _heldOffsets[i], DirectionType));

    protected override void BuildTables()
    {
        Array.Clear(_sent);
        Array.Clear(_received);
        _parts.Clear();
        var held = 0L;
        for (var i = 0; i < _held.Length; i++)
        {
            _heldOffsets[i] = held;
            held += _held[i].Length;
            _sent[_held[i].Piece.Owner] += _held[i].Length;
        }
        for (var rank = 0; rank < Communicator.Size; rank++)
        {
            foreach (var (piece, offset) in Own)
            {
                var (start, length) = piece.Overlap(rank);
                _parts.Add((offset + start - piece.Start, length));
                _received[rank] += length;
            }
        }

        _pack = new(Device, GradientType, GradientType, InOrder(_held.Select(each => each.Length), Flat, GradientType));
        _apply = new(Device, group(), _held);
        if (OwnLength == 0)
            return;
        var directions = At(Flat, HeldLength, DirectionType);
        _assemble = new(Device, GradientType, GradientType, _parts.Select(part => (At(Gradient.Address, part.Start, GradientType), part.Length)));
        _cut = new(Device, DirectionType, DirectionType, InOrder(_parts.Select(part => part.Length), At(Flat, HeldLength + OwnLength, DirectionType), DirectionType));
        var received = 0L;
        for (var i = 0; i < _parts.Count; i++)
        {
            _assemble.Sources[i] = At(Received, received, GradientType);
            _cut.Sources[i] = At(directions, _parts[i].Start, DirectionType);
            received += _parts[i].Length;
        }
    }

    protected override void DisposeTables()
    {
        _pack?.Dispose();
        _assemble?.Dispose();
        _cut?.Dispose();
        _apply?.Dispose();
        (_pack, _assemble, _cut, _apply) = (null, null, null, null);
    }

    /// <summary>Places of some lengths, one behind the other.</summary>
    private static IEnumerable<(nint Address, long Length)> InOrder(IEnumerable<long> lengths, nint address, ElementType type)
    {
        var offset = 0L;
        foreach (var length in lengths)
        {
            yield return (At(address, offset, type), length);
            offset += length;
        }
    }
}
