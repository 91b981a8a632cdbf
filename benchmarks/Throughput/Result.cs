namespace GpuOptim.Benchmarks.Throughput;

/// <summary>What was measured of one contestant.</summary>
/// <param name="Name">An optimizer here, one of PyTorch's, or a yardstick.</param>
/// <param name="NanosecondsPerParameter">The median over the rounds.</param>
/// <param name="BytesPerParameter">Bytes that an update in place must move; 0 for PyTorch, which moves more.</param>
/// <param name="ShareOfTriad">Bandwidth as a share of the triad's in the same round, the median.</param>
/// <param name="ShareOfDivider">Elements a second as a share of the divider's in the same round, the median.</param>
/// <param name="Spread">Half the distance between the quartiles, as a share of the median.</param>
/// <param name="TimesPyTorch">How many times faster than the fastest mode of PyTorch in the same round, the median.</param>
/// <param name="Seconds">The time of a step in each round.</param>
internal sealed record Result(string Name, double NanosecondsPerParameter, int BytesPerParameter, double? ShareOfTriad, double? ShareOfDivider, double Spread, double? TimesPyTorch, double[] Seconds);
