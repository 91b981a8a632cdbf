using GpuOptim.Optimizers;

namespace GpuOptim.Distributed.Sharding;

/// <summary>Matrices of one shape, each orthogonalized whole by its owner: its direction is what comes back, and every rank moves along it.</summary>
/// <param name="communicator">The ranks.</param>
/// <param name="options">How they work.</param>
/// <param name="number">Its number.</param>
/// <param name="pieces">The matrices, by owner.</param>
/// <param name="group">The options of their group.</param>
internal sealed class MatrixBucket(ICommunicator communicator, ShardedOptions options, int number, List<Piece> pieces, Func<MuonOptionsBase> group)
    : ReplicatedBucket(communicator, options, number, pieces)
{
    private DirectionTable? _apply;
    private Collective? _pending;

    protected override int ReturnSize => DirectionType.Size();

    private ElementType DirectionType => group().DirectionType;

    public override void BeforeUpdate()
    {
    }

    public override nint DataAddress(Piece piece, long offset) => At(Flat, OwnStart + offset, DirectionType);

    public override void BeginReturn() => _pending = Communicator.AllGather(At(Flat, OwnStart, DirectionType), Flat, Counts, WireTypes.Of(DirectionType));

    public override void EndReturn() => _pending!.Wait();

    public override void Apply() => _apply!.Run(group(), i => At(Flat, Offsets[i], DirectionType));

    protected override void BuildTables()
    {
        base.BuildTables();
        _apply = new(Device, group(), [.. Pieces.Select(piece => (piece, piece.Start, piece.Length))]);
    }

    protected override void DisposeTables()
    {
        base.DisposeTables();
        _apply?.Dispose();
        _apply = null;
    }
}
