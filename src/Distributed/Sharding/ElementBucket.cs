namespace GpuOptim.Distributed.Sharding;

/// <summary>Pieces that are updated element by element: each rank updates its own, and all collect the new parameters.</summary>
internal sealed class ElementBucket(ICommunicator communicator, ShardedOptions options, int number, List<Piece> pieces) : ReplicatedBucket(communicator, options, number, pieces)
{
    private CopyTable? _copyIn;
    private CopyTable? _unpack;
    private Collective? _pending;

    protected override int ReturnSize => ElementType.Size();

    public override void BeforeUpdate()
    {
        if (OwnLength == 0)
            return;
        var i = 0;
        foreach (var (piece, _) in Own)
            _copyIn!.Sources[i++] = piece.Tensor.DataAt(piece.Start);
        _copyIn!.Run();
    }

    public override nint DataAddress(Piece piece, long offset) => At(Flat, OwnStart + offset, ElementType);

    public override void BeginReturn() => _pending = Communicator.AllGather(At(Flat, OwnStart, ElementType), Flat, Counts, WireTypes.Of(ElementType));

    public override void EndReturn() => _pending!.Wait();

    public override void Apply()
    {
        for (var i = 0; i < Pieces.Count; i++)
            _unpack!.Sources[i] = Pieces[i].Tensor.Parameter.HasGradient ? At(Flat, Offsets[i], ElementType) : 0;
        _unpack!.Run();
    }

    protected override void BuildTables()
    {
        base.BuildTables();
        if (OwnLength > 0)
            _copyIn = new(Device, ElementType, ElementType, Own.Select(own => (DataAddress(own.Piece, own.Offset), own.Piece.Length)));
        _unpack = new(Device, ElementType, ElementType, Pieces.Select(piece => (piece.Tensor.DataAt(piece.Start), piece.Length)));
    }

    protected override void DisposeTables()
    {
        base.DisposeTables();
        _copyIn?.Dispose();
        _unpack?.Dispose();
        (_copyIn, _unpack) = (null, null);
    }
}
