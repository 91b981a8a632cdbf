using FsCheck;
using FsCheck.Fluent;
using GpuOptim.Benchmarks.Results;
using Interval = GpuOptim.Benchmarks.Results.Interval;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>Medians, and how far they are to be trusted.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class StatisticsTests
{
    [TestCase(new[] { 3.0 }, 3)]
    [TestCase(new[] { 4.0, 1, 3 }, 3)]
    [TestCase(new[] { 4.0, 1, 3, 2 }, 2.5)]
    public void MedianIsTheMiddle(double[] values, double median) => Assert.That(Statistics.Median(values), Is.EqualTo(median));

    [TestCase(0, 1)]
    [TestCase(0.25, 1.75)]
    [TestCase(1, 4)]
    public void QuantilesAreInterpolated(double share, double expected) => Assert.That(Statistics.Quantile([4, 1, 3, 2], share), Is.EqualTo(expected));

    /// <summary>Where passes differ more than their rounds, and where they do not, the true median is where it is said to be.</summary>
    [TestCase(5, 3, 0.05, 0.01)]
    [TestCase(5, 3, 0.0, 0.05)]
    [TestCase(3, 3, 0.05, 0.02)]
    [TestCase(10, 5, 0.02, 0.02)]
    public void IntervalsHoldTheTrueMedian(int passes, int rounds, double betweenPasses, double betweenRounds)
    {
        const int Runs = 400;
        var random = new System.Random(1);
        var held = Enumerable.Range(0, Runs).Count(_ => Statistics.Interval(Sample(random, passes, rounds, betweenPasses, betweenRounds)).Contains(1));
        Assert.That((double)held / Runs, Is.GreaterThan(0.93));
    }

    /// <summary>And they are no wider than that takes: twice the distance that the median of such a run is from the true one, at most.</summary>
    [Test]
    public void IntervalsAreNotMuchTooWide()
    {
        var random = new System.Random(1);
        var samples = Enumerable.Range(0, 200).Select(_ => Sample(random, 10, 5, 0.02, 0.02)).ToArray();
        var width = Statistics.Median([.. samples.Select(sample => Statistics.Interval(sample)).Select(interval => interval.High - interval.Low)]);
        var spread = Statistics.Quantile([.. samples.Select(Statistics.Median)], 0.975) - Statistics.Quantile([.. samples.Select(Statistics.Median)], 0.025);
        Assert.That(width, Is.LessThan(2 * spread));
    }

    [Test]
    public void IntervalsHoldTheMedianOfTheirSample() => Prop.ForAll(Passes(), passes =>
    {
        var interval = Statistics.Interval(passes);
        return interval.Contains(Statistics.Median(passes)) && interval.Low > 0;
    }).QuickCheckThrowOnFailure();

    /// <summary>In another unit, all is the same in that unit.</summary>
    [Test]
    public void IntervalsScale() => Prop.ForAll(Passes(), passes =>
    {
        var (interval, scaled) = (Statistics.Interval(passes), Statistics.Interval([.. passes.Select(pass => pass.Select(value => value * 1024).ToArray())]));
        return Math.Abs(scaled.Low / interval.Low / 1024 - 1) < 1e-9 && Math.Abs(scaled.High / interval.High / 1024 - 1) < 1e-9;
    }).QuickCheckThrowOnFailure();

    [Test]
    public void RatiosOfEqualsAreAboutOne()
    {
        var random = new System.Random(1);
        var held = Enumerable.Range(0, 200).Count(_ => Statistics.RatioInterval(Sample(random, 5, 3, 0.02, 0.02), Sample(random, 5, 3, 0.02, 0.02)).Contains(1));
        Assert.That(held / 200.0, Is.GreaterThan(0.93));
    }

    [Test]
    public void IntervalsThatTouchOverlap()
    {
        Assert.That(new Interval(1, 2).Overlaps(new(2, 3)), Is.True);
        Assert.That(new Interval(1, 2).Overlaps(new(2.1, 3)), Is.False);
        Assert.That(new Interval(1, 4).Overlaps(new(2, 3)), Is.True);
    }

    private static Arbitrary<double[][]> Passes() => ArbMap.Default.ArbFor<PositiveInt>().Generator
        .Select(number => number.Get / 64.0)
        .ArrayOf(3)
        .ArrayOf(5)
        .ToArbitrary();

    private static double[][] Sample(System.Random random, int passes, int rounds, double betweenPasses, double betweenRounds) =>
    [
        .. Enumerable.Range(0, passes).Select(_ =>
        {
            var pass = Normal(random) * betweenPasses;
            return Enumerable.Range(0, rounds).Select(_ => Math.Exp(pass + Normal(random) * betweenRounds)).ToArray();
        }),
    ];

    private static double Normal(System.Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
