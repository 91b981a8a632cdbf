namespace GpuOptim.Benchmarks.Results;

/// <summary>A data cache.</summary>
/// <param name="Name">L1, L2 or L3.</param>
/// <param name="Bytes">What one holds.</param>
/// <param name="Sharers">Logical cores that share one.</param>
internal sealed record Cache(string Name, long Bytes, int Sharers);
