namespace GpuOptim.Distributed;

/// <summary>How a <see cref="ShardedOptimizer"/> shares out its work. Equal on all ranks.</summary>
public sealed record ShardedOptions
{
    /// <summary>Bytes of parameters that travel at once, about; at least 1. Larger buckets cost memory, smaller ones latency.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public long BucketBytes
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(BucketBytes), value, "BucketBytes must be at least 1.");
    } = 25 << 20;

    /// <summary>What becomes of the gradients of all ranks; the sum unless it is said otherwise.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such reduction.</exception>
    public GradientReduction Reduction
    {
        get;
        init => field = Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(nameof(Reduction), value, $"Reduction must be one of {string.Join(", ", Enum.GetNames<GradientReduction>())}.");
    }

    /// <summary>
    /// Adds gradients up in the order of ranks, in float32, rounded once to their type: the same bits with every communicator, bucket size and machine. It sends
    /// the same bytes. Where the communicator does not add in this order itself, the price is memory for what all ranks send of two buckets' shards, and that
    /// this rank's processor or card adds, a pass for each rank. If false, the communicator adds, in an order of its own.
    /// </summary>
    public bool SumsInRankOrder { get; init; } = true;

    /// <summary>
    /// Changes parameters only once all of a step's updates are here: should a rank fail meanwhile, parameters are those before the step. Costs memory of the
    /// parameters' size. If false, two buckets' worth does, and after a failure some parameters are a step ahead of others.
    /// </summary>
    public bool UpdatesAtomically { get; init; } = true;

    /// <summary>
    /// Every how many steps ranks compare digests of their parameters, to find memory or programs that err; 0, as at first, for never. Reads all parameters on the
    /// host.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int ReplicaCheckInterval
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(ReplicaCheckInterval), value, "ReplicaCheckInterval must be at least 0.");
    }
}
