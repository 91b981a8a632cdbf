using GpuOptim.Host;

namespace GpuOptim.Distributed.Sharding;

/// <summary>
/// Pieces that travel together. In a step, the gradients of all ranks come to the owners of the pieces; the owners update; what they made comes back to all.
/// </summary>
internal abstract class Bucket : IDisposable
{
    private readonly long[] _starts;

    /// <param name="communicator">The ranks.</param>
    /// <param name="options">How they work.</param>
    /// <param name="number">Its number, above 0.</param>
    /// <param name="pieces">The pieces, by owner.</param>
    protected Bucket(ICommunicator communicator, ShardedOptions options, int number, List<Piece> pieces)
    {
        (Communicator, Options, Number, Pieces) = (communicator, options, number, pieces);
        Counts = new long[communicator.Size];
        _starts = new long[communicator.Size];
        Offsets = new long[pieces.Count];
        var length = 0L;
        for (var i = 0; i < pieces.Count; i++)
        {
            Offsets[i] = length;
            length += pieces[i].Length;
            Counts[pieces[i].Owner] += pieces[i].Length;
        }
        for (var rank = 1; rank < Counts.Length; rank++)
            _starts[rank] = _starts[rank - 1] + Counts[rank - 1];
        Length = length;
    }

    public int Number { get; }

    /// <summary>The pieces, by owner.</summary>
    public List<Piece> Pieces { get; }

    /// <summary>The optimizer that updates them, of those of a model: its index.</summary>
    public int Part => Pieces[0].Tensor.Part;

    /// <summary>Elements of all pieces.</summary>
    public long Length { get; }

    /// <summary>Elements of this rank's pieces.</summary>
    public long OwnLength => Counts[Communicator.Rank];

    /// <summary>The pieces of this rank, and where each begins among them.</summary>
    public IEnumerable<(Piece Piece, long Offset)> Own => Pieces.Zip(Offsets).Where(each => each.First.Owner == Communicator.Rank).Select(each => (each.First, each.Second - OwnStart));

    /// <summary>Whether some piece has a gradient in this step; if not, nothing travels.</summary>
    public bool IsActive => Pieces.Exists(piece => piece.Tensor.Parameter.HasGradient);

    /// <summary>Bytes of memory for all pieces: gradients, and then what comes back.</summary>
    public abstract long FlatBytes { get; }

    /// <summary>Bytes of memory for what other ranks send here.</summary>
    public abstract long ReceivedBytes { get; }

    /// <summary>Bytes of memory for sums that are not rounded yet.</summary>
    public virtual long PartialBytes => 0;

    /// <summary>The gradients of this rank's pieces once they are here.</summary>
    public DeviceBuffer Gradient { get; private set; } = null!;

    protected ICommunicator Communicator { get; }

    protected ShardedOptions Options { get; }

    /// <summary>Elements of each rank's pieces.</summary>
    protected long[] Counts { get; }

    /// <summary>Where each piece begins.</summary>
    protected long[] Offsets { get; }

    /// <summary>Where this rank's pieces begin.</summary>
    protected long OwnStart => _starts[Communicator.Rank];

    protected Device Device => Communicator.Device;

    protected ElementType ElementType => Pieces[0].Tensor.Parameter.ElementType;

    protected ElementType GradientType => Pieces[0].Tensor.Parameter.GradientType;

    protected nint Flat { get; private set; }

    protected nint Received { get; private set; }

    protected nint Partial { get; private set; }

    /// <summary>Takes memory, and makes tables of where everything is.</summary>
    public void Build(nint flat, nint received, nint partial)
    {
        (Flat, Received, Partial) = (flat, received, partial);
        DisposeTables();
        Gradient?.Dispose();
        Gradient = Device.CreateBuffer(GradientType, OwnLength);
        BuildTables();
    }

    /// <summary>Sends this rank's gradients to their owners.</summary>
    public abstract void BeginReduce();

    /// <summary>Waits for the gradients of this rank's pieces.</summary>
    public abstract void EndReduce();

    /// <summary>Prepares to update this rank's pieces.</summary>
    public abstract void BeforeUpdate();

    /// <summary>Where the optimizer finds a piece of this rank, to update it.</summary>
    public abstract nint DataAddress(Piece piece, long offset);

    /// <summary>Sends what was made of this rank's pieces.</summary>
    public abstract void BeginReturn();

    /// <summary>Waits for what was made of all pieces.</summary>
    public abstract void EndReturn();

    /// <summary>Has parameters take what was made.</summary>
    public abstract void Apply();

    /// <summary>Bytes that this rank sends in a step, by what the collectives are.</summary>
    public abstract long BytesSent { get; }

    public void Dispose()
    {
        DisposeTables();
        Gradient?.Dispose();
    }

    protected abstract void BuildTables();

    protected abstract void DisposeTables();

    /// <summary>Where elements begin in memory.</summary>
    protected static nint At(nint address, long element, ElementType type) => address + (nint)element * type.Size();
}
