namespace VirtualCard.Driver.Scheduling;

/// <summary>What a stream does or a node of a graph: a copy, a launch and such.</summary>
internal abstract class Operation
{
    /// <summary>Called when it is queued: sees to the host's memory.</summary>
    public virtual void Stage(Work work)
    {
    }

    public abstract void Execute(Work work);

    /// <summary>Whether it may read or write a range of the host's memory.</summary>
    public virtual bool MayUseHost(ulong start, ulong end) => false;

    /// <summary>Whether it may write a range of the host's memory.</summary>
    public virtual bool MayWriteHost(ulong start, ulong end) => MayUseHost(start, end);

    /// <summary>Whether an update of a graph may put the other in its place.</summary>
    public virtual bool CanBecome(Operation other) => other.GetType() == GetType();

    /// <summary>What a graph must know before it is instantiated or launched.</summary>
    /// <returns>Whether something that it uses is gone: what, and how.</returns>
    public virtual string? FindGone() => null;
}
