using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>The first half of a matrix product: packs a matrix into panels, a chunk for each few panels of a stretch.</summary>
internal readonly unsafe struct PackJob<TTile, TFloats, TFormat>(void* source, nint rowStride, nint depthStride, int rows, int depth, float* panels) : IChunkedJob
    where TTile : IMatrixTile
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    private static int Stretch => Panels<TTile, TFloats, TFormat>.Stretch;

    /// <summary>Rows of a chunk: whole panels, and of each inner index, if rows lie side by side, some cache lines.</summary>
    private static int Rows => 128 / Panels<TTile, TFloats, TFormat>.Width * Panels<TTile, TFloats, TFormat>.Width;

    private int Stretches => (depth + Stretch - 1) / Stretch;

    public int Chunks => (rows + Rows - 1) / Rows * Stretches;

    public void Run(Workers workers)
    {
        var job = this;
        workers.Run(ref job, Chunks);
    }

    public void Run(int chunk)
    {
        int row = chunk / Stretches * Rows, first = chunk % Stretches * Stretch;
        var length = Math.Min(Stretch, depth - first);
        Panels<TTile, TFloats, TFormat>.Pack(
            source,
            row * rowStride + first * depthStride,
            rowStride,
            depthStride,
            Math.Min(Rows, rows - row),
            length,
            panels + Panels<TTile, TFloats, TFormat>.Offset(rows, row, first, length));
    }
}
