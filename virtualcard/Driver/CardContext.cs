using VirtualCard.Driver.Cards;
using VirtualCard.Driver.Scheduling;
using VirtualCard.Execution;
using VirtualCard.Memory;

namespace VirtualCard.Driver;

/// <summary>A context on a card.</summary>
internal sealed class CardContext : DriverObject
{
    private readonly Dictionary<int, CardStream> _threadStreams = [];
    private readonly List<CardStream> _blocking = [];

    public CardContext(Card card, uint flags)
        : base(null)
    {
        (Card, Flags) = (card, flags);
        Legacy = new(this, isBlocking: true, priority: 0) { Role = StreamRole.Legacy };
        MayUse = allocation => allocation.Kind == AllocationKind.Host || allocation.Owner == this || allocation.Owner is CardContext owner && Peers.Contains(owner);
    }

    public Card Card { get; }

    public uint Flags { get; }

    public override string Kind => "context";

    /// <summary>The first fault of its work: from then on every call returns it.</summary>
    public Result Error { get; private set; }

    /// <summary>What must be destroyed before it.</summary>
    public HashSet<DriverObject> Children { get; } = [];

    /// <summary>Contexts whose memory its kernels may use. Replaced, never changed: kernels read it while they run.</summary>
    public IReadOnlySet<CardContext> Peers { get; private set; } = new HashSet<CardContext>();

    /// <summary>Whether its kernels may use an allocation.</summary>
    public Func<Allocation, bool> MayUse { get; }

    /// <summary>Stream 0.</summary>
    public CardStream Legacy { get; }

    public int CacheConfiguration { get; set; }

    public int SharedConfiguration { get; set; }

    /// <summary>The stream of the calling thread.</summary>
    public CardStream ThreadStream
    {
        get
        {
            var thread = Environment.CurrentManagedThreadId;
            if (!_threadStreams.TryGetValue(thread, out var stream))
                _threadStreams.Add(thread, stream = new(this, isBlocking: true, priority: 0) { Role = StreamRole.Thread });
            return stream;
        }
    }

    /// <summary>The streams that <see cref="Legacy"/> synchronizes with, destroyed ones too while work of theirs waits.</summary>
    public IReadOnlyList<CardStream> Blocking
    {
        get
        {
            _blocking.RemoveAll(stream => stream.IsDestroyed && stream.Tail is null or { IsDone: true });
            return _blocking;
        }
    }

    public void AddBlocking(CardStream stream) => _blocking.Add(stream);

    public void AddPeer(CardContext peer) => Peers = new HashSet<CardContext>(Peers) { peer };

    public void RemovePeer(CardContext peer) => Peers = Peers.Where(other => other != peer).ToHashSet();

    /// <summary>Breaks it: what is queued will not run.</summary>
    public void Break(Result error)
    {
        if (Error == Result.Success)
            Error = error;
    }

    public static Result ResultOf(FaultKind kind, string message) => kind switch
    {
        FaultKind.IllegalAddress => Result.IllegalAddress,
        FaultKind.MisalignedAddress => Result.MisalignedAddress,
        FaultKind.Deadlock or FaultKind.Endless => Result.LaunchTimeout,
        FaultKind.Trap when message.Contains("assert", StringComparison.OrdinalIgnoreCase) => Result.Assert,
        _ => Result.LaunchFailed,
    };

    protected override void OnDestroy()
    {
        foreach (var child in Children.ToArray())
            child.Destroy();
        Machine.DeviceMemory.FreeAll(this);
        Machine.HostMemory.RemoveAll(this);
    }
}
