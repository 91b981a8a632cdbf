namespace GpuOptim.Benchmarks.Results;

/// <summary>What is in the caches when work begins.</summary>
internal enum CacheState
{
    /// <summary>What the same work left there.</summary>
    Kept,

    /// <summary>Other things.</summary>
    Flushed,
}
