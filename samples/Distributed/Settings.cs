namespace GpuOptim.Samples.Distributed;

/// <summary>How the network is trained, on however many ranks.</summary>
/// <param name="Steps">Steps of the optimizer.</param>
/// <param name="Batch">Digits a step, of all ranks together.</param>
/// <param name="Hidden">Widths of the hidden layers.</param>
/// <param name="Seed">Of initial weights and order.</param>
internal sealed record Settings(int Steps, int Batch, IReadOnlyList<int> Hidden, int Seed)
{
    /// <summary>The global norm that gradients are clipped to.</summary>
    public const double MaxNorm = 1;

    /// <summary>The digits of a step that a rank computes with: its part of the batch.</summary>
    public ReadOnlySpan<int> Part(int[] order, int step, int rank, int ranks)
    {
        var first = (long)step * Batch % (order.Length - Batch + 1);
        var (start, end) = (first + Batch * rank / ranks, first + Batch * (rank + 1) / ranks);
        return order.AsSpan((int)start, (int)(end - start));
    }

    /// <summary>The order of the digits: the same on all ranks.</summary>
    public int[] Order(int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        new Random(Seed).Shuffle(order);
        return order;
    }
}
