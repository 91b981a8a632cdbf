namespace GpuOptim.Benchmarks.Throughput;

/// <summary>Tensors to update, and by which optimizers.</summary>
/// <param name="Layout">How many tensors of how many numbers.</param>
/// <param name="Type">Their types.</param>
/// <param name="Contestants">The optimizers.</param>
/// <param name="Threads">How many threads may work.</param>
/// <param name="LiesApart">Whether each tensor has memory of its own; else they lie one behind the other.</param>
internal sealed record UpdateJob(Layout Layout, NumberType Type, IReadOnlyList<Contestant> Contestants, int Threads, bool LiesApart)
{
    /// <summary>The tensor and the element in it that the number at a place is.</summary>
    public (int Tensor, long Element) Find(long place) => ((int)(place / Layout.Length), place % Layout.Length);
}
