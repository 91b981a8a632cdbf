using GpuOptim.Benchmarks.Html.Charts;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Distributed.Model;

/// <summary>Seconds a step over the number of ranks, both logarithmic.</summary>
internal sealed class ModelChart : LineChart
{
    protected override string XTitle => "ranks";

    protected override string YTitle => "milliseconds a step";

    protected override string Unit => "ms";

    protected override Scale CreateX() => LogScale.Over(Lines.SelectMany(line => line.Points).Select(point => point.X), room: 1.1);

    protected override Scale CreateY() => LogScale.Over(Lines.SelectMany(line => line.Points).Select(point => point.Y));

    protected override IReadOnlyList<double>? XTicks(bool isNarrow) => [.. ScalingPlan.Ranks.Select(ranks => (double)ranks)];

    protected override string XLabel(double value) => Text.Tick(value);

    /// <summary>The chart of the documentation.</summary>
    public static ModelChart Of(Cluster cluster)
    {
        Series Line(string name, int color, Func<int, double> seconds, bool isStrong = false) =>
            new(name, color, [.. ScalingPlan.Ranks.Select(ranks => (Ranks: (double)ranks, Time: seconds(ranks) * 1e3)).Select(point => (point.Ranks, point.Time, new Interval(point.Time, point.Time)))], isStrong);
        var model = Transformer.All[0];
        Func<int, double> Shared(bool isMuon, bool sumsInRankOrder, double bucket) => ranks => new ScalingPlan(model, isMuon, sumsInRankOrder, bucket).On(ranks, cluster).Seconds;
        Func<int, double> Unshared(bool isMuon) => ranks => new ScalingPlan(model, isMuon, true, ScalingPlan.UsualBucket).On(ranks, cluster).Unshared;
        return new()
        {
            Title = "A sharded step of a model of 7 billion parameters, by the model of time",
            Subtitle = "Not measured: start-up times, bytes and operations. Eight H100 a node, 400 Gbit/s a card; float32; buckets of 1 GiB if not said otherwise",
            Lines =
            [
                Line("AdamW, rank order, 25 MiB", 4, Shared(false, true, ScalingPlan.UsualBucket)),
                Line("AdamW, rank order", 0, Shared(false, true, ScalingPlan.LargeBucket)),
                Line("AdamW, reduce-scatter", 2, Shared(false, false, ScalingPlan.LargeBucket)),
                Line("AdamW, not shared out", -1, Unshared(false)),
                Line("Muon, rank order", 1, Shared(true, true, ScalingPlan.LargeBucket)),
                Line("Muon, reduce-scatter", 3, Shared(true, false, ScalingPlan.LargeBucket), isStrong: true),
                Line("Muon, not shared out", -1, Unshared(true)),
            ],
        };
    }
}
