using GpuOptim.Distributed.Mpi;
using GpuOptim.Host;

namespace GpuOptim.Distributed;

/// <summary>
/// The processes that an <c>mpirun</c> started: ranks that speak through the MPI that is installed, Open MPI, MPICH or what keeps to its ABI (Intel MPI,
/// MVAPICH), or MS-MPI. It is found when running; the environment variable <c>GPUOPTIM_MPI</c> names another library.
/// </summary>
/// <remarks>
/// <para>
/// A thread of its own makes all calls of MPI's and drives what is under way while the program computes. Memory that the host cannot reach is copied
/// through the host's, unless <see cref="MpiOptions.SendsDeviceMemory"/>. Sums are taken in the order of the ranks, those of float16 and bfloat16 in float32
/// with one rounding at the end: the same bits with each MPI, but for float32 and float64 all-reduces of up to 16 KiB, whose order is MPI's. A reduce-scatter
/// needs as much memory again as this rank's part has, for each other rank.
/// </para>
/// <para>
/// Wherever a rank waits for others, it waits for <see cref="MpiOptions.Timeout"/> at most, 5 minutes unless set. Then, or when MPI tells of an error, a
/// <see cref="CommunicationException"/> says what did not end, and all that comes after it in this process fails at once. A rank that dies by a signal or an
/// unhandled exception is noticed by the launcher, which ends the others.
/// </para>
/// <para>
/// <see cref="Dispose"/> of the last one finalizes MPI, if it was initialized here. After a failure it leaves MPI alone, so that the program can say what
/// happened and save what it has; when the process ends, it has <c>MPI_Abort</c> end the other ranks, since they may wait for it, and an exit code of 0
/// would not be noticed by each launcher. Verified with Open MPI 4.1 and MPICH 4.0, ranks on one machine; not with Open MPI 5, Intel MPI, MVAPICH and
/// MS-MPI, whose constants are those of their headers.
/// </para>
/// <para>
/// Where the program has initialized MPI itself, it must have asked for <c>MPI_THREAD_SERIALIZED</c> at least, and, with less than
/// <c>MPI_THREAD_MULTIPLE</c>, make no calls of its own while a communicator lives.
/// </para>
/// </remarks>
public sealed class MpiCommunicator : ICommunicator
{
    private readonly Lock _gate = new();
    private readonly HashSet<MpiCollective> _staged = [];
    private readonly MpiOptions _options;
    private readonly MpiGroup _group;
    private readonly MpiPosts _posts;
    private readonly Traffic _traffic;
    private MpiOperation? _last;
    private long _operations;
    private bool _isDisposed;

    /// <summary>Joins all processes that the launcher started; all must do so.</summary>
    /// <param name="device">The device whose memory travels; it stays the caller's.</param>
    /// <param name="options">How it works; as usual if null.</param>
    /// <exception cref="CommunicationException">There is no MPI, another one than the launcher's, or another rank does not come.</exception>
    public MpiCommunicator(Device device, MpiOptions? options = null)
        : this(Same(device), options ?? new())
    {
    }

    private MpiCommunicator(Func<int, Device> openDevice, MpiOptions options)
    {
        _options = options;
        Runtime = MpiRuntime.Enter(options.Timeout);
        _group = MpiGroup.World(Runtime, options.Timeout);
        (_posts, _traffic) = Prepare();
        try
        {
            Device = openDevice(LocalRank) ?? throw new ArgumentException("openDevice must open a device. Actual value was null.", nameof(openDevice));
        }
        catch
        {
            Runtime.Leave(_group.Handle, options.Timeout);
            throw;
        }
    }

    private MpiCommunicator(MpiCommunicator whole, MpiRuntime runtime, MpiGroup group)
    {
        (Runtime, _group, _options, Device) = (runtime, group, whole._options, whole.Device);
        (_posts, _traffic) = Prepare();
    }

    /// <inheritdoc/>
    public int Rank => _group.Rank;

    /// <inheritdoc/>
    public int Size => _group.Size;

    /// <inheritdoc/>
    public Device Device { get; }

    /// <inheritdoc/>
    public bool AddsInRankOrder => true;

    /// <summary>This process among the communicator's on the same machine, from 0: which of the machine's cards is its own.</summary>
    public int LocalRank => _group.LocalRank;

    /// <summary>The MPI in use, with its version: <c>Open MPI 4.1.4</c>, for instance.</summary>
    public string Implementation => Runtime.Implementation;

    /// <summary>
    /// Bytes that this rank's operations sent by their definition: of N ranks, an all-gather sends the own part N - 1 times; a reduce-scatter all but the own
    /// part; an all-to-all all parts but the own; an all-reduce 2 (N - 1) / N of the buffer; a broadcast, at its root, the buffer N - 1 times.
    /// </summary>
    public long BytesSent => _traffic.Sent;

    /// <summary>Bytes that this rank's operations received by their definition, see <see cref="BytesSent"/>.</summary>
    public long BytesReceived => _traffic.Received;

    internal MpiRuntime Runtime { get; }

    internal MpiScratch Scratch { get; } = new();

    internal TimeSpan Timeout => _options.Timeout;

    /// <summary>Joins all processes that the launcher started, and then opens a device, so that each process of a machine has one of its own.</summary>
    /// <param name="openDevice">Opens the device for a <see cref="LocalRank"/>; it stays the caller's.</param>
    /// <param name="options">How it works; as usual if null.</param>
    /// <exception cref="CommunicationException">There is no MPI, another one than the launcher's, or another rank does not come.</exception>
    public static MpiCommunicator Open(Func<int, Device> openDevice, MpiOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(openDevice);
        return new(openDevice, options ?? new());
    }

    /// <summary>Makes communicators of parts of this one: of the ranks that name the same color each. All ranks must call it.</summary>
    /// <param name="color">Which part this rank belongs to; 0 or more.</param>
    /// <param name="key">Ranks of a part are in the order of their keys, and where these are the same in the order that they have here.</param>
    /// <returns>This rank's part, with the same device and options; to be disposed of, too.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="color"/> is negative.</exception>
    /// <exception cref="CommunicationException">Another rank does not come.</exception>
    public MpiCommunicator Split(int color, int key = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(color);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var runtime = MpiRuntime.Enter(Timeout);
        return new(this, runtime, MpiGroup.Split(runtime, _group.Handle, color, key, Timeout));
    }

    /// <inheritdoc/>
    public Collective AllGather(nint source, nint destination, ReadOnlySpan<long> counts, WireType type)
    {
        var total = CollectiveChecks.Counts(counts, Size, type);
        CollectiveChecks.Address(source, counts[Rank]);
        CollectiveChecks.Address(destination, total);
        var size = type.Size();
        var (start, own) = (counts[..Rank].Total() * size, counts[Rank] * size);
        var bytes = total * size;
        var lengths = Bytes(counts, size);
        var buffer = new MpiBuffer(this, IsStaged(isSum: false), bytes);
        if (own > 0)
            buffer.TakeIn(source, destination, start, own);
        _traffic.AllGather(counts, type);
        return Begin("all-gather", bytes, buffer, 0, destination, bytes, (operation, place) => _posts.AllGather(operation, place, lengths));
    }

    /// <inheritdoc/>
    public Collective ReduceScatter(nint source, nint destination, ReadOnlySpan<long> counts, WireType type)
    {
        CollectiveChecks.Sum(type);
        var total = CollectiveChecks.Counts(counts, Size, type);
        CollectiveChecks.Address(source, total);
        CollectiveChecks.Address(destination, counts[Rank]);
        var (bytes, own) = (total * type.Size(), counts[Rank] * type.Size());
        CollectiveChecks.Apart(source, bytes, destination, own);
        var copy = counts.ToArray();
        var buffer = new MpiBuffer(this, IsStaged(isSum: true), bytes + own);
        var from = buffer.TakeIn(source, bytes);
        _traffic.ReduceScatter(counts, type);
        return Begin("reduce-scatter", bytes, buffer, bytes, destination, own, (operation, place) => _posts.ReduceScatter(operation, from, place, copy, type));
    }

    /// <inheritdoc/>
    public Collective AllToAll(nint source, ReadOnlySpan<long> sourceCounts, nint destination, ReadOnlySpan<long> destinationCounts, WireType type)
    {
        var size = type.Size();
        var bytes = CollectiveChecks.Counts(sourceCounts, Size, type) * size;
        var received = CollectiveChecks.Counts(destinationCounts, Size, type) * size;
        CollectiveChecks.Address(source, bytes);
        CollectiveChecks.Address(destination, received);
        CollectiveChecks.Apart(source, bytes, destination, received);
        CollectiveChecks.Own(sourceCounts, destinationCounts, Rank);
        var buffer = new MpiBuffer(this, IsStaged(isSum: false), bytes + received);
        var from = buffer.TakeIn(source, bytes);
        var own = sourceCounts[Rank] * size;
        if (own > 0)
            buffer.TakeIn(source + (nint)(sourceCounts[..Rank].Total() * size), destination, (buffer.IsStaged ? bytes : 0) + destinationCounts[..Rank].Total() * size, own);
        var (sends, receives) = (Bytes(sourceCounts, size), Bytes(destinationCounts, size));
        _traffic.AllToAll(sourceCounts, destinationCounts, type);
        return Begin("all-to-all", bytes, buffer, bytes, destination, received, (operation, place) => _posts.AllToAll(operation, from, sends, place, receives));
    }

    /// <inheritdoc/>
    public Collective AllReduce(nint buffer, long count, WireType type)
    {
        CollectiveChecks.Sum(type);
        var bytes = CollectiveChecks.Count(count, type) * type.Size();
        CollectiveChecks.Address(buffer, count);
        var staged = new MpiBuffer(this, IsStaged(isSum: true), bytes);
        staged.TakeIn(buffer, bytes);
        _traffic.AllReduce(count, type);
        return Begin("all-reduce", bytes, staged, 0, buffer, bytes, (operation, place) => _posts.AllReduce(operation, place, count, type));
    }

    /// <inheritdoc/>
    public Collective Broadcast(nint buffer, long count, WireType type, int root)
    {
        var bytes = CollectiveChecks.Count(count, type) * type.Size();
        CollectiveChecks.Address(buffer, count);
        CollectiveChecks.Root(root, Size);
        var staged = new MpiBuffer(this, IsStaged(isSum: false), bytes);
        if (root == Rank)
            staged.TakeIn(buffer, bytes);
        _traffic.Broadcast(count, type, root);
        return Begin("broadcast", bytes, staged, 0, buffer, root == Rank ? 0 : bytes, (operation, place) => _posts.Broadcast(operation, place, bytes, root));
    }

    /// <summary>Waits for what was begun, and finalizes MPI after the last communicator; both within the time limit. See the remarks for what happens after a failure.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }
        try
        {
            _last?.Wait(Timeout);
        }
        catch (CommunicationException)
        {
            // Whoever waited has heard of it, and if nobody did, the process says so when it ends. What MPI may write to must not go now.
            Runtime.AwaitPause();
        }
        foreach (var collective in Staged())
            GiveBack(collective);
        Runtime.Leave(_group.Handle, Timeout);
        // After a failure MPI may still write to what operations have, which is not here.
        Scratch.Clear();
    }

    /// <summary>The staging memory of an operation is not needed any more.</summary>
    internal void GiveBack(MpiCollective collective)
    {
        lock (_gate)
            _staged.Remove(collective);
        collective.Operation.Stage?.Dispose();
        collective.Operation.Stage = null;
    }

    private static Func<int, Device> Same(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return _ => device;
    }

    private static long[] Bytes(ReadOnlySpan<long> counts, int size)
    {
        var bytes = new long[counts.Length];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = counts[i] * size;
        return bytes;
    }

    private (MpiPosts, Traffic) Prepare() => (new(Runtime, _group.Handle, Rank, Size, _options.PieceLength), new(Rank, Size));

    private bool IsStaged(bool isSum)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Runtime.Failure is not null)
            throw Runtime.Again();
        return !Device.IsHostAccessible && (isSum || !_options.SendsDeviceMemory);
    }

    private MpiCollective[] Staged()
    {
        lock (_gate)
            return [.. _staged];
    }

    /// <summary>Begins an operation.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="bytes">How much it is about.</param>
    /// <param name="buffer">Its memory.</param>
    /// <param name="stageStart">Where in staging memory the result comes.</param>
    /// <param name="destination">Where it belongs.</param>
    /// <param name="length">How many bytes of it are to be brought there.</param>
    /// <param name="post">Makes MPI's calls, with the place of the result.</param>
    private MpiCollective Begin(string name, long bytes, MpiBuffer buffer, long stageStart, nint destination, long length, Action<MpiOperation, nint> post)
    {
        var place = buffer.IsStaged ? buffer.Block!.Address + (nint)stageStart : destination;
        buffer.Settle();
        lock (_gate)
        {
            // Numbered as they are begun, and begun in the order in which all ranks ask.
            var operation = new MpiOperation(this, name, ++_operations, bytes) { Post = operation => post(operation, place), Stage = buffer.Block };
            var collective = new MpiCollective(this, operation, stageStart, destination, length);
            if (buffer.Block is not null)
                _staged.Add(collective);
            Runtime.Begin(operation);
            _last = operation;
            return collective;
        }
    }
}
