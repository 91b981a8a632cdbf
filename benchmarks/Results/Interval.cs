namespace GpuOptim.Benchmarks.Results;

/// <summary>Where something is, with some confidence.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
internal readonly record struct Interval(double Low, double High)
{
    public bool Contains(double value) => value >= Low && value <= High;

    public bool Overlaps(Interval other) => Low <= other.High && other.Low <= High;
}
