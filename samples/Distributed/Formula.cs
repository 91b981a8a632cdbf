namespace GpuOptim.Samples.Distributed;

/// <summary>What a step sends, by docs/distributed.md.</summary>
internal static class Formula
{
    private const int ChunkOfNorms = 4096;

    /// <summary>
    /// Bytes of all N ranks together: of each float gradients, 4, and what comes back, parameters, 4, or directions in bfloat16, 2, go N - 1 times; each rank
    /// tells all others 24 bytes to agree; and a norm adds up 8 bytes for each 4096 numbers of a tensor.
    /// </summary>
    /// <param name="ranks">N.</param>
    /// <param name="parameters">The parameters: length, and whether Muon trains it.</param>
    public static long Bytes(int ranks, IReadOnlyCollection<(long Length, bool IsMuons)> parameters)
    {
        var gathered = (ranks - 1) * parameters.Sum(parameter => parameter.Length * (parameter.IsMuons ? 4 + 2 : 4 + 4));
        var agreement = 24L * ranks * (ranks - 1);
        var chunks = parameters.Sum(parameter => (parameter.Length + ChunkOfNorms - 1) / ChunkOfNorms);
        return gathered + agreement + ranks * (2 * (ranks - 1) * chunks * sizeof(double) / ranks);
    }
}
