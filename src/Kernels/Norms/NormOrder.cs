namespace GpuOptim.Kernels.Norms;

/// <summary>
/// The order in which norms are accumulated, in double precision, on every device: what comes out is the same for any number of threads and any
/// width of vectors. Told here of sums; of a largest number it is the same.
/// </summary>
/// <remarks>
/// Numbers go in chunks. Number i of a chunk belongs to strand i / 4 % 256; a strand sums those of each i % 4 on their own, in order, and then
/// takes (0 + 2) + (1 + 3). Strands fold: the upper half is added to the lower one until one is left. The chunks' sums are then dealt out to 256
/// strands, in order, and fold in the same way.
/// </remarks>
internal static class NormOrder
{
    /// <summary>Numbers in a chunk.</summary>
    public const int ChunkLength = 4096;

    /// <summary>Strands of a chunk.</summary>
    public const int Strands = 256;

    /// <summary>Neighbors that a strand takes at a time.</summary>
    public const int QuadLength = 4;

    /// <summary>How many chunks so many numbers have.</summary>
    public static long Chunks(long length) => (length + ChunkLength - 1) / ChunkLength;
}
