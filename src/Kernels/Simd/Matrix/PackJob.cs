using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>The first half of a matrix product: packs a matrix into panels, a chunk for each handful of rows.</summary>
internal readonly unsafe struct PackJob<TTile, TFloats, TFormat>(void* source, nint rowStride, nint depthStride, int rows, int depth, float* panels) : IChunkedJob
    where TTile : IMatrixTile
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    private static int Stretch => Panels<TTile, TFloats, TFormat>.Stretch;

    private static int Width => Panels<TTile, TFloats, TFormat>.Width;

    public void Run(Workers workers)
    {
        var job = this;
        workers.Run(ref job, Panels<TTile, TFloats, TFormat>.Count(rows));
    }

    public void Run(int chunk)
    {
        var row = chunk * Width;
        for (var first = 0; first < depth; first += Stretch)
        {
            var length = Math.Min(Stretch, depth - first);
            Panels<TTile, TFloats, TFormat>.Pack(
                source,
                row * rowStride + first * depthStride,
                rowStride,
                depthStride,
                Math.Min(Width, rows - row),
                length,
                panels + Panels<TTile, TFloats, TFormat>.Offset(rows, row, first, length));
        }
    }
}
