using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// Products of matrices of 16 bits on tensor cores, a tile of 128 x 128 elements of the result a group of threads. Three pieces: operands stream through
/// shared memory (<see cref="TileLoader{TLayout}"/>), warps multiply what is there (<see cref="WarpTile"/>), and sums become results (<see cref="TensorEpilogue{TFormat}"/>).
/// </summary>
/// <remarks>
/// Matrices lie as <see cref="TensorProduct.Pad"/> has them. The loop then only adds to addresses: it asks for no end, and it fetches, unused, tiles
/// beyond the last. Sums run in float in the tensor cores' own order.
/// </remarks>
/// <typeparam name="TFormat">The matrices' element type: BFloat16 or Float16.</typeparam>
/// <typeparam name="TLeft">How left operands lie.</typeparam>
/// <typeparam name="TRight">How right operands lie.</typeparam>
/// <typeparam name="TOrder">Which tiles are computed.</typeparam>
internal static class TensorProduct<TFormat, TLeft, TRight, TOrder>
    where TFormat : IFormat
    where TLeft : struct, IFragmentLayout
    where TRight : struct, IFragmentLayout
    where TOrder : struct, ITileOrder
{
    /// <summary>Computes the tile of the group.</summary>
    [DynamicSharedMemory(TensorProduct.SharedBytes)]
    public static void Multiply(GpuProduct product)
    {
        var memory = SharedMemory.GetDynamic<UInt4>();
        var shared = TensorCore.SharedAddress(ref memory[0]);

        var (matrix, row, column) = TileGrid.Locate<TOrder>(product, Grid.IdxX, TensorProduct.TileRows);
        (matrix, row, column) = (TensorCore.Keep(matrix), TensorCore.Keep(row), TensorCore.Keep(column));
        var left = new TileLoader<TLeft>(product.Left + matrix * product.LeftLength * 2, product.LeftStride, row, product.Rows, shared);
        var right = new TileLoader<TRight>(product.Right + matrix * product.RightLength * 2, product.RightStride, column, product.Columns, shared + TensorProduct.TileBytes);
        for (var stage = 0; stage < TensorProduct.Stages - 1; stage++)
        {
            left.Load(stage * TensorProduct.StageBytes);
            right.Load(stage * TensorProduct.StageBytes);
            TensorCore.CommitCopies();
        }

        var warp = Group.IdxX / 32;
        var leftPlaces = TLeft.Fragments(shared, warp / 2 * WarpTile.Rows, isRight: false);
        var rightPlaces = TRight.Fragments(shared + TensorProduct.TileBytes, warp % 2 * WarpTile.Rows, isRight: true);
        var sums = default(WarpTile);
        uint current = 0, next = (TensorProduct.Stages - 1) * TensorProduct.StageBytes;
        var depth = product.Depth;
        do
        {
            // Behind the barrier, the current tiles are there for all, and nobody reads those any more that the next ones overwrite.
            TensorCore.WaitForOldestCopies();
            Group.Barrier();
            left.Load((int)next);
            right.Load((int)next);
            TensorCore.CommitCopies();
            sums = sums.MultiplyAdd<TFormat, TLeft, TRight>(leftPlaces, rightPlaces, (int)current, 0);
            sums = sums.MultiplyAdd<TFormat, TLeft, TRight>(leftPlaces, rightPlaces, (int)current, 1);
            next = current;
            // Back to the first behind the last, where the difference is the smaller number, without a branch.
            current = IntrinsicMath.Min(current + TensorProduct.StageBytes, current + TensorProduct.StageBytes - TensorProduct.SharedBytes);
            depth -= TensorProduct.TileDepth;
        }
        while (depth > 0);
        TensorCore.WaitForCopies();
        Group.Barrier();

        var epilogue = new TensorEpilogue<TFormat>(product, matrix, shared, TensorProduct.GroupSize, row, column);
        epilogue.Begin();
        int firstRow = warp / 2 * WarpTile.Rows, firstColumn = warp % 2 * WarpTile.Rows;
        epilogue.Finish(sums.Strip0, firstRow, firstColumn);
        epilogue.Finish(sums.Strip1, firstRow + 16, firstColumn);
        epilogue.Finish(sums.Strip2, firstRow + 32, firstColumn);
        epilogue.Finish(sums.Strip3, firstRow + 48, firstColumn);
        // Of bfloat16 no products are asked for but those of a matrix and its transpose, which are symmetric to the bit.
        if (TFormat.Type != ElementType.BFloat16 && TOrder.Mirrors && row == column)
            epilogue.EndOnDiagonal();
        else
            epilogue.End(TOrder.Mirrors && row != column);
    }
}
