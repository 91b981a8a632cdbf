using VirtualCard.Driver.Graphs;

namespace VirtualCard.Driver.Scheduling;

/// <summary>An event.</summary>
internal sealed class CardEvent(CardContext context, uint flags) : DriverObject(context)
{
    private const uint DisableTiming = 2;

    public CardContext Owner { get; } = context;

    public bool HasTiming => (flags & DisableTiming) == 0;

    /// <summary>The last record; null before the first.</summary>
    public Work? Recorded { get; set; }

    /// <summary>The capture in which it was last recorded.</summary>
    public Capture? Capture { get; set; }

    /// <summary>What whoever waits for it depends on, in the capture.</summary>
    public GraphNode[] CapturedNodes { get; set; } = [];

    public override string Kind => "event";

    /// <exception cref="DriverException">It was last recorded in a capture: there is nothing to wait for.</exception>
    public void CheckNotCaptured()
    {
        if (Capture is null)
            return;
        Capture.Invalidate();
        throw new DriverException(Result.CapturedEvent, $"{this} was last recorded in a stream that captures");
    }
}
