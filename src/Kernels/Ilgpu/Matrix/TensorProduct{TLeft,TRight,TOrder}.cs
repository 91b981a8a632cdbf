using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// Products of bfloat16 matrices on tensor cores, a tile of 128 x 128 elements of the result a group of threads. Three pieces: operands stream through
/// shared memory (<see cref="TileLoader{TLayout}"/>), warps multiply what is there (<see cref="WarpTile"/>), and sums become results (<see cref="TensorEpilogue"/>).
/// </summary>
/// <remarks>Sums run in float in the tensor cores' own order.</remarks>
/// <typeparam name="TLeft">How left operands lie.</typeparam>
/// <typeparam name="TRight">How right operands lie.</typeparam>
/// <typeparam name="TOrder">Which tiles are computed.</typeparam>
internal static class TensorProduct<TLeft, TRight, TOrder>
    where TLeft : struct, ITileLayout
    where TRight : struct, ITileLayout
    where TOrder : struct, ITileOrder
{
    private const int StageSize = TensorProduct.SharedBytes / TensorProduct.Stages;

    /// <summary>Computes the tile of the group.</summary>
    public static void Multiply(GpuProduct product)
    {
        var memory = SharedMemory.Allocate<UInt4>(TensorProduct.SharedBytes / 16).AsAligned(16);
        var shared = TensorCore.SharedAddress(ref memory[0]);

        var (matrix, row, column) = TileGrid.Locate<TOrder>(product, TensorProduct.TileRows);
        var left = new TileLoader<TLeft>(product.Left + matrix * product.LeftLength * 2, product.LeftStride, row, product.Rows, product.Depth);
        var right = new TileLoader<TRight>(product.Right + matrix * product.RightLength * 2, product.RightStride, column, product.Columns, product.Depth);

        for (var stage = 0; stage < TensorProduct.Stages - 1; stage++)
            Load(left, right, stage * TensorProduct.TileDepth, shared + stage * StageSize, product.Depth);

        var warp = Group.IdxX / 32;
        int warpRow = warp / 4 * 64, warpColumn = warp % 4 * 32;
        var sums = default(WarpTile);
        int current = 0, next = TensorProduct.Stages - 1;
        for (var depth = 0; depth < product.Depth; depth += TensorProduct.TileDepth)
        {
            // Behind the barrier, the current tiles are there for all, and nobody reads those any more that the next ones overwrite.
            TensorCore.WaitForAllCopiesButLast();
            Group.Barrier();
            Load(left, right, depth + (TensorProduct.Stages - 1) * TensorProduct.TileDepth, shared + next * StageSize, product.Depth);

            var tile = shared + current * StageSize;
            sums = sums.MultiplyAdd<TLeft, TRight>(tile, tile + TileLoader<TLeft>.Size, warpRow, warpColumn, 0);
            sums = sums.MultiplyAdd<TLeft, TRight>(tile, tile + TileLoader<TLeft>.Size, warpRow, warpColumn, 16);
            next = current;
            current = current == TensorProduct.Stages - 1 ? 0 : current + 1;
        }
        TensorCore.WaitForCopies();
        Group.Barrier();

        new TensorEpilogue(product, matrix, shared).Write(sums, row, column, TOrder.Mirrors && row != column);
    }

    /// <summary>Starts to copy both operands' tiles, as one group of copies even where there is nothing left.</summary>
    private static void Load(TileLoader<TLeft> left, TileLoader<TRight> right, int depth, int tile, int end)
    {
        if (depth < end)
        {
            left.Load(depth, tile);
            right.Load(depth, tile + TileLoader<TLeft>.Size);
        }
        TensorCore.CommitCopies();
    }
}
