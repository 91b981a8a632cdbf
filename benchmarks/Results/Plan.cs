namespace GpuOptim.Benchmarks.Results;

/// <summary>How often each is measured.</summary>
/// <param name="Passes">How often all is set up anew, in memory of its own: runs differ in where their memory lies.</param>
/// <param name="Rounds">Rounds in a pass. Each runs everybody once, in an order of its own.</param>
/// <param name="SecondsEach">Work is repeated to fill at least half of this.</param>
/// <param name="Cache">What is in the caches.</param>
internal sealed record Plan(int Passes, int Rounds, double SecondsEach, CacheState Cache);
