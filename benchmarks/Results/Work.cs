namespace GpuOptim.Benchmarks.Results;

/// <summary>How much something does, once.</summary>
/// <param name="Elements">Numbers that it updates; 0 if that is not what it does.</param>
/// <param name="Bytes">Bytes that it cannot do without moving; 0 if they are unknown or do not matter.</param>
/// <param name="Flops">Operations that it does, a multiply-add counted as two; 0 if they are unknown or do not matter.</param>
/// <param name="DenseFlops">Operations of the algorithm as it is written, which may be more; 0 if they do not matter.</param>
internal readonly record struct Work(long Elements = 0, double Bytes = 0, double Flops = 0, double DenseFlops = 0);
