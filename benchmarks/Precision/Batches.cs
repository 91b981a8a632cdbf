namespace GpuOptim.Benchmarks.Precision;

/// <summary>What is learnt in which step.</summary>
internal static class Batches
{
    /// <summary>Numbers of samples, in another order each epoch. The last batch of an epoch may be smaller.</summary>
    /// <param name="samples">How many there are.</param>
    /// <param name="batch">How many a step.</param>
    /// <param name="epochs">How often each is seen.</param>
    /// <param name="seed">Of the orders.</param>
    public static IEnumerable<int[]> Shuffled(int samples, int batch, int epochs, int seed)
    {
        var order = Enumerable.Range(0, samples).ToArray();
        var random = new Random(seed);
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            random.Shuffle(order);
            foreach (var part in order.Chunk(batch))
                yield return part;
        }
    }
}
