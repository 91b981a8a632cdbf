namespace GpuOptim.Benchmarks.Comparison;

/// <summary>What became of a figure.</summary>
internal enum Verdict
{
    /// <summary>Nothing that is beyond the noise.</summary>
    Same,

    /// <summary>It takes less.</summary>
    Faster,

    /// <summary>It takes more.</summary>
    Slower,
}
