namespace VirtualCard.Driver.Scheduling;

/// <summary>A wait for an event as it was last recorded.</summary>
internal sealed class WaitOperation(CardEvent item) : Operation
{
    public override void Stage(Work work) => work.WaitFor(item.Recorded);

    public override void Execute(Work work)
    {
    }

    public override string? FindGone() => item.IsDestroyed ? $"{item} was destroyed" : null;

    public override string ToString() => $"wait for {item}";
}
