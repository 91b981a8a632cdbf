using System.Globalization;

namespace GpuOptim.Benchmarks.Distributed;

/// <summary>What ranks do, over and over.</summary>
/// <param name="Optimizer"><c>adamw</c> or <c>muon</c>; empty if they only exchange the bytes, and compute nothing.</param>
/// <param name="BucketBytes">Bytes of a bucket.</param>
/// <param name="SumsInRankOrder">Whether gradients are added up in the order of ranks, or as the communicator does.</param>
internal sealed record ShardedJob(string Optimizer, long BucketBytes, bool SumsInRankOrder)
{
    /// <summary>Nothing but the bytes of a step of AdamW: all to all, and gathered.</summary>
    public static ShardedJob Exchange { get; } = new("", 0, true);

    public bool IsExchange => Optimizer.Length == 0;

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{Optimizer}:{BucketBytes}:{(SumsInRankOrder ? "ordered" : "free")}");

    public static ShardedJob Parse(string id)
    {
        var parts = id.Split(':');
        return new(parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture), parts[2] == "ordered");
    }

    /// <summary>Bytes that all ranks together send in a step of so many float parameters, of which each has a gradient and nothing is clipped.</summary>
    /// <remarks>
    /// Gradients, 4 bytes a parameter, and what comes back, 4 of AdamW and 2 of Muon, each go N - 1 times, whoever owns what; and each rank tells all others 24
    /// bytes to agree.
    /// </remarks>
    public long BytesOfAll(int ranks, long parameters)
    {
        const int Gradient = 4, Agreement = 24;
        return (ranks - 1) * parameters * (Gradient + (Optimizer == "muon" ? 2 : 4)) + (IsExchange ? 0 : (long)Agreement * ranks * (ranks - 1));
    }
}
