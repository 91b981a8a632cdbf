namespace VirtualCard.Driver.Scheduling;

/// <summary>Nothing: where dependencies meet.</summary>
internal sealed class EmptyOperation(string name) : Operation
{
    public override void Execute(Work work)
    {
    }

    public override string ToString() => name;
}
