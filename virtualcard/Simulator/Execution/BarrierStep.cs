namespace VirtualCard.Execution;

/// <summary>A barrier of the block of threads.</summary>
internal sealed class BarrierStep
{
    /// <summary>Of one block: arriving at the cluster does nothing.</summary>
    public bool IsNothing { get; init; }

    /// <summary>Arrives and does not wait.</summary>
    public bool IsArrival { get; init; }

    /// <summary>Needs all threads of a warp at the same instruction.</summary>
    public bool IsAligned { get; init; }

    /// <summary>Where the barrier's number lies.</summary>
    public int Number { get; init; }

    /// <summary>Where the number of threads lies that it waits for; -1: all that live.</summary>
    public int ThreadCount { get; init; } = -1;

    public BarrierReduction Reduction { get; init; }

    public PredicateSlot Predicate { get; init; }

    /// <summary>Where the combined value goes: a predicate, or a count of 32 bits.</summary>
    public int Result { get; init; }
}
