namespace GpuOptim.Distributed;

/// <summary>How an <see cref="NcclCommunicator"/> works.</summary>
public sealed record NcclOptions
{
    /// <summary>
    /// How long anything may take that needs the other ranks: 5 minutes unless set. For an operation it runs from when it was begun, with what the device had
    /// to do before.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive, or longer than 20 days.</exception>
    public TimeSpan Timeout
    {
        get;
        init => field = value > TimeSpan.Zero && value <= TimeSpan.FromDays(20)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Timeout), value, "Timeout must be positive and at most 20 days.");
    }
    = TimeSpan.FromMinutes(5);

    /// <summary>NCCL's functions; those of the library that is installed if null. Tests have others.</summary>
    internal Nccl.NcclFunctions? Functions { get; init; }

    /// <summary>Whether what is under way is taken for not done, as behind a rank that does not come; tests have no card that waits.</summary>
    internal Func<bool>? IsHeld { get; init; }
}
