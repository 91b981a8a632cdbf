using GpuOptim.Kernels.Rules;

namespace GpuOptim.Distributed.Sharding;

/// <summary>A bucket of tensors that every rank has: gradients are added up.</summary>
internal abstract class ReplicatedBucket(ICommunicator communicator, ShardedOptions options, int number, List<Piece> pieces) : Bucket(communicator, options, number, pieces)
{
    private readonly long[] _fromEach = [.. Enumerable.Repeat(pieces.Where(piece => piece.Owner == communicator.Rank).Sum(piece => piece.Length), communicator.Size)];
    private CopyTable? _pack;
    private CopyTable? _sum;
    private CopyTable? _finish;
    private Collective? _pending;

    public override long FlatBytes => Length * Math.Max(GradientType.Size(), ReturnSize);

    public override long ReceivedBytes => AddsHere ? OwnLength * Communicator.Size * GradientType.Size() : 0;

    public override long PartialBytes => AddsHere && GradientType != ElementType.Float32 ? OwnLength * sizeof(float) : 0;

    public override long BytesSent =>
        (Length - OwnLength) * GradientType.Size() + (Communicator.Size - 1) * OwnLength * ReturnSize;

    /// <summary>
    /// Whether this rank adds up what all ranks send it. A communicator that adds in the same order rounds sums of 16-bit numbers before their mean is taken,
    /// which would be other bits.
    /// </summary>
    private bool AddsHere =>
        Options.SumsInRankOrder && !(Communicator.AddsInRankOrder && (Options.Reduction == GradientReduction.Sum || GradientType == ElementType.Float32));

    /// <summary>Bytes of an element of what comes back.</summary>
    protected abstract int ReturnSize { get; }

    public override void BeginReduce()
    {
        for (var i = 0; i < Pieces.Count; i++)
            _pack!.Sources[i] = Pieces[i].Tensor.GradientAt(Pieces[i].Start);
        _pack!.Run();
        var type = WireTypes.Of(GradientType);
        _pending = AddsHere
            ? Communicator.AllToAll(Flat, Counts, Received, _fromEach, type)
            : Communicator.ReduceScatter(Flat, Gradient.Address, Counts, type);
    }

    public override void EndReduce()
    {
        _pending!.Wait();
        if (OwnLength == 0)
            return;
        if (AddsHere)
        {
            for (var rank = 0; rank < Communicator.Size; rank++)
            {
                _sum!.Sources[0] = At(Received, rank * OwnLength, GradientType);
                _sum.Run(new AccumulateRule(1, isFirst: rank == 0));
            }
        }
        if (_finish is not null)
            _finish.Run(new AccumulateRule(Options.Reduction == GradientReduction.Mean ? 1.0 / Communicator.Size : 1, isFirst: true));
    }

    protected override void BuildTables()
    {
        _pack = new(Device, GradientType, GradientType, Pieces.Select((piece, i) => (At(Flat, Offsets[i], GradientType), piece.Length)));
        var (sum, type) = Partial == 0 ? (Gradient.Address, GradientType) : (Partial, ElementType.Float32);
        if (AddsHere)
            _sum = new(Device, type, GradientType, [(sum, OwnLength)]);
        if (Partial == 0 && Options.Reduction == GradientReduction.Sum)
            return;
        _finish = new(Device, GradientType, type, [(Gradient.Address, OwnLength)]);
        _finish.Sources[0] = sum;
    }

    protected override void DisposeTables()
    {
        _pack?.Dispose();
        _sum?.Dispose();
        _finish?.Dispose();
        (_pack, _sum, _finish) = (null, null, null);
    }
}
