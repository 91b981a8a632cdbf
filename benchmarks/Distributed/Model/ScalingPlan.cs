namespace GpuOptim.Benchmarks.Distributed.Model;

/// <summary>A way to share out a model's step, over numbers of ranks.</summary>
/// <param name="Model">The model.</param>
/// <param name="IsMuon">Whether Muon trains hidden matrices.</param>
/// <param name="SumsInRankOrder">Who adds gradients up.</param>
/// <param name="BucketBytes">Bytes of a bucket.</param>
internal sealed record ScalingPlan(Transformer Model, bool IsMuon, bool SumsInRankOrder, double BucketBytes)
{
    /// <summary>What the library does if nothing is said.</summary>
    public const double UsualBucket = 25 << 20;

    /// <summary>What many ranks want.</summary>
    public const double LargeBucket = 1 << 30;

    /// <summary>8 to 4096 ranks.</summary>
    public static IReadOnlyList<int> Ranks { get; } = [.. Enumerable.Range(3, 10).Select(power => 1 << power)];

    /// <summary>All that are told of.</summary>
    public static IEnumerable<ScalingPlan> All =>
        from model in Transformer.All
        from isMuon in (bool[])[false, true]
        from sumsInRankOrder in (bool[])[true, false]
        from bytes in (double[])[UsualBucket, LargeBucket]
        select new ScalingPlan(model, isMuon, sumsInRankOrder, bytes);

    public string Name => $"{Model.Name}, {(IsMuon ? "Muon" : "AdamW")}, {(SumsInRankOrder ? "all to all" : "reduce-scatter")}, {(BucketBytes == UsualBucket ? "25 MiB" : "1 GiB")}";

    /// <summary>A step on so many ranks.</summary>
    public StepModel On(int ranks, Cluster cluster) => new(cluster, Model, ranks, IsMuon, SumsInRankOrder, BucketBytes);
}
