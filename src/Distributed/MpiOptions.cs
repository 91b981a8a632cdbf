namespace GpuOptim.Distributed;

/// <summary>How an <see cref="MpiCommunicator"/> works.</summary>
public sealed record MpiOptions
{
    /// <summary>How long anything may take for which this rank waits for others: 5 minutes unless set. Ranks that do more between two steps need more.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive, or longer than 20 days.</exception>
    public TimeSpan Timeout
    {
        get;
        init => field = value > TimeSpan.Zero && value <= TimeSpan.FromDays(20)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Timeout), value, "Timeout must be positive and at most 20 days.");
    }
    = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Whether MPI is given addresses in the device's memory, which a CUDA-aware MPI takes, instead of copies in the host's: false unless set. Sums are
    /// copied all the same, since the host adds. It has not run with a CUDA-aware MPI.
    /// </summary>
    public bool SendsDeviceMemory { get; init; }

    /// <summary>How many bytes one call of MPI's moves at most: a gigabyte, but for tests.</summary>
    internal int PieceLength { get; init; } = 1 << 30;
}
