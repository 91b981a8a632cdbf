using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.Matrix.Hopper;

/// <summary>
/// Products of bfloat16 matrices by <c>wgmma</c>, a tile of 128 x 256 elements of the result a group of threads. As <see cref="TensorProduct{TFormat, TLeft, TRight, TOrder}"/>,
/// but that warpgroups multiply what is in shared memory as it lies there: it passes through no register.
/// </summary>
/// <remarks>
/// Two tiles of 128 x 256 make a square, and squares are ordered as <typeparamref name="TOrder"/> says. On the diagonal of a symmetric product the upper
/// tile's right half is above it and not written. Sums run in float in the tensor cores' own order.
/// </remarks>
/// <typeparam name="TLeft">How left operands lie.</typeparam>
/// <typeparam name="TRight">How right operands lie.</typeparam>
/// <typeparam name="TOrder">Which tiles are computed.</typeparam>
internal static class WarpgroupProduct<TLeft, TRight, TOrder>
    where TLeft : struct, ITileLayout
    where TRight : struct, ITileLayout
    where TOrder : struct, ITileOrder
{
    /// <summary>How many groups the products of a batch take.</summary>
    public static int Count(GpuProduct product) => checked(2 * TileGrid.Count<TOrder>(product, WarpgroupProduct.TileColumns));

    /// <summary>Computes the tile of the group.</summary>
    [PtxTarget("sm_90a", "8.0")]
    [DynamicSharedMemory(WarpgroupProduct.SharedBytes)]
    [LaunchBounds(WarpgroupProduct.GroupSize, 1)]
    public static void Multiply(GpuProduct product)
    {
        var memory = SharedMemory.GetDynamic<UInt4>();
        var shared = (TensorCore.SharedAddress(ref memory[0]) + WarpgroupProduct.Alignment - 1) & -WarpgroupProduct.Alignment;

        var (matrix, row, column) = TileGrid.Locate<TOrder>(product, Grid.IdxX / 2, WarpgroupProduct.TileColumns);
        row += Grid.IdxX % 2 * WarpgroupProduct.TileRows;
        if (row >= product.Rows)
            return;
        (matrix, row, column) = (TensorCore.Keep(matrix), TensorCore.Keep(row), TensorCore.Keep(column));
        long leftMatrix = product.Left + matrix * product.LeftLength * 2, rightMatrix = product.Right + matrix * product.RightLength * 2;
        int place0 = shared + WarpgroupProduct.TileBytes, place1 = place0 + WarpgroupProduct.TileBytes;
        var left = new TileLoader<Swizzled<TLeft>>(leftMatrix, product.LeftStride, row, product.Rows, shared);
        var right0 = new TileLoader<Swizzled<TRight>>(rightMatrix, product.RightStride, column, product.Columns, place0);
        var right1 = new TileLoader<Swizzled<TRight>>(rightMatrix, product.RightStride, column + WarpgroupProduct.TileRows, product.Columns, place1);
        for (var first = 0; first < 2; first++)
        {
            left.Load(first * WarpgroupProduct.StageBytes);
            right0.Load(first * WarpgroupProduct.StageBytes);
            right1.Load(first * WarpgroupProduct.StageBytes);
            TensorCore.CommitCopies();
        }

        Warpgroup.Clear();
        var leftPlace = TensorCore.Keep(Swizzled<TLeft>.Describe(shared + Group.IdxX / 128 * (WarpgroupProduct.TileBytes / 2)));
        var rightPlace = TensorCore.Keep(Swizzled<TRight>.Describe(place0));
        int stage = 0, depth = product.Depth;
        do
        {
            // Behind the barrier, the current tiles are there for all and seen by tensor cores, and nobody reads those any more that the next ones overwrite.
            TensorCore.WaitForCopiesButOne();
            Warpgroup.ShowSharedMemory();
            Group.Barrier();
            if (depth > 2 * WarpgroupProduct.TileDepth)
            {
                var next = (stage ^ 2) * WarpgroupProduct.StageBytes;
                left.Load(next);
                right0.Load(next);
                right1.Load(next);
            }
            TensorCore.CommitCopies();
            Warpgroup.Fence();
            MultiplyAdd(leftPlace, rightPlace, stage, 0);
            MultiplyAdd(leftPlace, rightPlace, stage, 1);
            MultiplyAdd(leftPlace, rightPlace, stage, 2);
            MultiplyAdd(leftPlace, rightPlace, stage, 3);
            Warpgroup.Commit();
            Warpgroup.WaitForAllButOne();
            stage = (stage + 1) & (WarpgroupProduct.Stages - 1);
            depth -= WarpgroupProduct.TileDepth;
        }
        while (depth > 0);
        Warpgroup.WaitForAll();
        // Of a product of one tile of inner indices the second is still on its way.
        TensorCore.WaitForCopies();
        Group.Barrier();

        var sums = Warpgroup.Sums();
        Finish(product, matrix, shared, sums.Strip0, sums.Strip1, row, column);
        column += WarpgroupProduct.TileRows;
        if (column >= product.Columns || (TOrder.Mirrors && column > row))
            return;
        Group.Barrier();
        Finish(product, matrix, shared, sums.Strip2, sums.Strip3, row, column);
    }

    /// <summary>Makes results of half of the tile.</summary>
    private static void Finish(GpuProduct product, int matrix, int shared, WarpStrip left, WarpStrip right, int row, int column)
    {
        var epilogue = new TensorEpilogue<BFloat16Format>(product, matrix, shared, WarpgroupProduct.GroupSize, row, column);
        epilogue.Begin();
        epilogue.Finish(left, Group.IdxX / 32 * 16, 0);
        epilogue.Finish(right, Group.IdxX / 32 * 16, 64);
        epilogue.End(TOrder.Mirrors && row != column);
    }

    /// <summary>Adds the products of 16 of a tile's inner indices.</summary>
    private static void MultiplyAdd(long left, long right, int stage, int part) => Warpgroup.MultiplyAdd(
        left + (uint)stage * (WarpgroupProduct.StageBytes / 16) + part * Swizzled<TLeft>.PartBytes / 16,
        right + (uint)stage * (WarpgroupProduct.StageBytes / 16) + part * Swizzled<TRight>.PartBytes / 16,
        TLeft.IsDepthContiguous ? 0 : 1,
        TRight.IsDepthContiguous ? 0 : 1);
}
