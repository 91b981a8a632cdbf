namespace GpuOptim.Benchmarks.Engine;

/// <summary>What was to be timed computes something else.</summary>
internal sealed class WrongResultException(string message) : InvalidOperationException(message);
