using VirtualCard.Driver.Graphs;

namespace VirtualCard.Driver.Scheduling;

/// <summary>A stream: work in an order.</summary>
internal sealed class CardStream : DriverObject
{
    public CardStream(CardContext context, bool isBlocking, int priority)
        : base(context)
    {
        (Owner, IsBlocking, Priority) = (context, isBlocking, priority);
        if (isBlocking)
            context.AddBlocking(this);
    }

    public CardContext Owner { get; }

    public bool IsBlocking { get; }

    public int Priority { get; }

    public StreamRole Role { get; init; }

    /// <summary>The last work that was queued.</summary>
    public Work? Tail { get; set; }

    /// <summary>The capture that it takes part in.</summary>
    public Capture? Capture { get; set; }

    /// <summary>What the next captured node depends on.</summary>
    public List<GraphNode> CapturedTail { get; } = [];

    public override string Kind => "stream";

    /// <summary>Queues work, or adds it to the graph that the stream captures.</summary>
    /// <returns>The queued work; null if it was captured.</returns>
    public Work? Submit(Operation operation)
    {
        CheckLegacy();
        if (Capture is not null)
        {
            Capture.Add(this, operation);
            return null;
        }
        return Machine.Scheduler.Submit(operation, this);
    }

    /// <summary>All work that what is queued next must wait for.</summary>
    public IEnumerable<Work> Before()
    {
        if (Tail is { IsDone: false })
            yield return Tail;
        if (Role == StreamRole.Legacy)
        {
            foreach (var stream in Owner.Blocking)
            {
                if (stream != this && stream.Tail is { IsDone: false } tail)
                    yield return tail;
            }
        }
        else if (IsBlocking && Owner.Legacy.Tail is { IsDone: false } legacy)
        {
            yield return legacy;
        }
    }

    /// <exception cref="DriverException">It is stream 0, and a stream that synchronizes with it captures.</exception>
    public void CheckLegacy()
    {
        if (Role != StreamRole.Legacy)
            return;
        foreach (var stream in Owner.Blocking)
        {
            if (stream.Capture is { } capture)
            {
                capture.Invalidate();
                throw new DriverException(Result.StreamCaptureImplicit, $"stream 0 would wait for {stream}, which captures");
            }
        }
    }

    public override string ToString() => Role switch
    {
        StreamRole.Legacy => "stream 0",
        StreamRole.Thread => $"stream {Number} (of a thread)",
        _ => base.ToString(),
    };

    protected override void OnDestroy() => Capture?.Invalidate();
}
