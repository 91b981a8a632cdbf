namespace VirtualCard.Driver.Scheduling;

/// <summary>A piece of work that is queued: an operation, and what must come before it.</summary>
internal sealed class Work(Operation operation, CardStream stream)
{
    public Operation Operation => operation;

    public CardStream Stream => stream;

    public CardContext Context => stream.Owner;

    /// <summary>The call that queued it.</summary>
    public CallId Call { get; } = Machine.Call;

    public WorkState State { get; set; }

    public bool IsDone => State == WorkState.Done;

    /// <summary>What it waits for; some of it may be done.</summary>
    public List<Work> Before { get; } = new(2);

    public List<Work> After { get; } = new(2);

    public int Unmet { get; set; }

    /// <summary>The search that last found it.</summary>
    public int Mark { get; set; }

    /// <summary>Where it is among all pending work.</summary>
    public int Index { get; set; }

    /// <summary>What the operation has taken from the host when it was queued.</summary>
    public HostBytes? Staged { get; set; }

    /// <summary>When it was done.</summary>
    public long Timestamp { get; set; }

    /// <summary>Adds work that must be done before.</summary>
    public void WaitFor(Work? other)
    {
        if (other is null || other.IsDone || Before.Contains(other))
            return;
        Before.Add(other);
        other.After.Add(this);
        Unmet++;
    }

    public override string ToString() => $"{operation} in {stream}";
}
