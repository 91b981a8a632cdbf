namespace VirtualCard.Driver.Scheduling;

/// <summary>The record of an event.</summary>
internal sealed class RecordOperation(CardEvent item) : Operation
{
    public override void Stage(Work work)
    {
        item.Recorded = work;
        item.Capture = null;
    }

    public override void Execute(Work work)
    {
    }

    public override string? FindGone() => item.IsDestroyed ? $"{item} was destroyed" : null;

    public override string ToString() => $"record of {item}";
}
