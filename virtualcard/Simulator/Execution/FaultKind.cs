namespace VirtualCard.Execution;

/// <summary>What a running kernel did wrong.</summary>
public enum FaultKind
{
    /// <summary>An address outside of all memory, freed, of another context, or of the host.</summary>
    IllegalAddress,

    MisalignedAddress,

    /// <summary>Global memory that nobody has written was read.</summary>
    Uninitialized,

    /// <summary>trap, or a failed assertion.</summary>
    Trap,

    /// <summary>All threads wait.</summary>
    Deadlock,

    /// <summary>More steps than <see cref="LaunchRequest.MaxSteps"/>: an endless loop.</summary>
    Endless,

    /// <summary>What the hardware leaves undefined: a barrier or a warp-wide instruction in a diverged warp, data in flight, an mbarrier before its initialization.</summary>
    Undefined,
}
