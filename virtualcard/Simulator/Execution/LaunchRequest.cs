using VirtualCard.Memory;

namespace VirtualCard.Execution;

/// <summary>A launch of a kernel.</summary>
public sealed record LaunchRequest
{
    public required Dim3 Grid { get; init; }

    public required Dim3 Block { get; init; }

    /// <summary>The parameter block: all parameters, each at its offset.</summary>
    public required byte[] Parameters { get; init; }

    /// <summary>Bytes of the .extern .shared array.</summary>
    public int DynamicSharedBytes { get; init; }

    /// <summary>Whether the kernel may use an allocation; null: any.</summary>
    public Func<Allocation, bool>? MayUse { get; init; }

    /// <summary>Report races in shared memory, and reads of shared bytes that nobody has written.</summary>
    public bool ChecksRaces { get; init; }

    /// <summary>Count sectors, bank conflicts and bytes.</summary>
    public bool CountsAccesses { get; init; }

    /// <summary>If given, blocks run in a random order, warps take turns at random places, and the atomics of a warp come in random order.</summary>
    public int? Seed { get; init; }

    public MmaRounding MmaRounding { get; init; }

    /// <summary>Basic blocks that a warp may run.</summary>
    public long MaxSteps { get; init; } = 200_000_000;

    /// <summary>Threads of the host that run blocks; 0: one for each core.</summary>
    public int MaxWorkers { get; init; }
}
