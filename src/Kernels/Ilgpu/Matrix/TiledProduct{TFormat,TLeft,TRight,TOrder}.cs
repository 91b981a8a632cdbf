using GpuOptim.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Kernels.Ilgpu.Matrix;

/// <summary>
/// Matrix products for every accelerator, with the bits of SIMD: sums run in float over accumulation blocks of inner indices, each from zero, pairs odd
/// before even; the blocks' sums are added in order.
/// </summary>
/// <remarks>Tiles of the operands pass through shared memory as floats, so each element is read and converted once for 4n of the result.</remarks>
/// <typeparam name="TFormat">The matrices' element type.</typeparam>
/// <typeparam name="TLeft">How left operands lie.</typeparam>
/// <typeparam name="TRight">How right operands lie.</typeparam>
/// <typeparam name="TOrder">Which tiles are computed.</typeparam>
internal static unsafe class TiledProduct<TFormat, TLeft, TRight, TOrder>
    where TFormat : IFormat
    where TLeft : struct, ITileLayout
    where TRight : struct, ITileLayout
    where TOrder : struct, ITileOrder
{
    // One quad more than the tile has: a tile's columns then begin on different banks.
    private const int LineQuads = TiledProduct.MaxGroupRows + 1;

    /// <summary>Computes the tile of the group.</summary>
    public static void Multiply(GpuProduct product)
    {
        var left = SharedMemory.Allocate<Float4>(TiledProduct.TileDepth * LineQuads).AsAligned(16);
        var right = SharedMemory.Allocate<Float4>(TiledProduct.TileDepth * LineQuads).AsAligned(16);

        int groupRows = Group.DimX, threadRow = Group.IdxY, threadColumn = Group.IdxX;
        var tileRows = groupRows * TiledProduct.ThreadRows;
        var (matrix, row, column) = TileGrid.Locate<TOrder>(product, Grid.IdxX, tileRows);
        var leftMatrix = product.Left + matrix * product.LeftLength * TFormat.Size;
        var rightMatrix = product.Right + matrix * product.RightLength * TFormat.Size;

        var accumulation = product.Depth <= 1024 ? 512 : 1024;
        ThreadTile total = default, sum = default;
        for (var depth = 0; depth < product.Depth; depth += TiledProduct.TileDepth)
        {
            Load<TLeft>(leftMatrix, product.LeftStride, row, product.Rows, depth, product.Depth, left.Cast<float>(), groupRows, threadRow * groupRows + threadColumn);
            Load<TRight>(rightMatrix, product.RightStride, column, product.Columns, depth, product.Depth, right.Cast<float>(), groupRows, threadRow * groupRows + threadColumn);
            Group.Barrier();
            if ((depth & (accumulation - 1)) == 0)
            {
                total = depth == accumulation ? sum : depth > 0 ? total.Add(sum) : total;
                sum = default;
            }
            // Beyond the operands zeros are added, which changes no sum: none is a negative zero.
            for (int l = threadRow, r = threadColumn; l < TiledProduct.TileDepth * LineQuads; l += 4 * LineQuads, r += 4 * LineQuads)
            {
                sum = sum.MultiplyAdd(left[l + LineQuads], right[r + LineQuads]).MultiplyAdd(left[l], right[r]);
                sum = sum.MultiplyAdd(left[l + 3 * LineQuads], right[r + 3 * LineQuads]).MultiplyAdd(left[l + 2 * LineQuads], right[r + 2 * LineQuads]);
            }
            Group.Barrier();
        }
        total = product.Depth > accumulation ? total.Add(sum) : sum;

        new TiledEpilogue<TFormat>(product, matrix).Write(total, row + threadRow * TiledProduct.ThreadRows, column + threadColumn * TiledProduct.ThreadRows, TOrder.Mirrors);
    }

    /// <summary>Copies a tile of an operand to shared memory, inner index by inner index. Beyond the operand there are zeros.</summary>
    private static void Load<TLayout>(
        long matrix, int stride, int firstRow, int rows, int firstDepth, int depths, ArrayView<float> tile, int groupRows, int thread)
        where TLayout : struct, ITileLayout
    {
        // Their number is a power of two.
        var tileRows = groupRows * TiledProduct.ThreadRows;
        var shift = 31 - IntrinsicMath.BitOperations.LeadingZeroCount((uint)tileRows);
        for (var i = thread; i < tileRows * TiledProduct.TileDepth; i += groupRows * groupRows)
        {
            // Neighboring threads read neighboring elements.
            var (row, depth) = TLayout.IsDepthContiguous ? (i / TiledProduct.TileDepth, i & (TiledProduct.TileDepth - 1)) : (i & (tileRows - 1), i >> shift);
            tile[depth * LineQuads * TiledProduct.ThreadRows + row] = firstRow + row < rows && firstDepth + depth < depths
                ? TFormat.Load<GpuFloats1>((void*)(matrix + TLayout.Offset(firstRow + row, firstDepth + depth, stride) * TFormat.Size)).Value
                : 0;
        }
    }
}
