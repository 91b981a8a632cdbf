using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>A floor: so many times what a yardstick takes.</summary>
/// <param name="Yardstick">The yardstick's subject.</param>
/// <param name="Times">How many times.</param>
/// <param name="From">What it follows from, for people.</param>
internal sealed record FloorRule(string Yardstick, double Times, string From)
{
    /// <summary>Bytes at a yardstick's speed.</summary>
    public static FloorRule OfBytes(Entry yardstick, Work work) =>
        new(yardstick.Subject, work.Bytes / yardstick.Work.Bytes, $"{work.Bytes / Math.Max(1, work.Elements):0.##} bytes a parameter at the {yardstick.Subject}'s speed");

    /// <summary>Operations at a yardstick's speed.</summary>
    public static FloorRule OfFlops(Entry yardstick, Work work) =>
        new(yardstick.Subject, work.Flops / yardstick.Work.Flops, $"{work.Flops:0.###e0} operations at the {yardstick.Subject}'s speed");
}
