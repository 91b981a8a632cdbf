using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>
/// Panels of bfloat16, for tiles that take two inner indices at once: half the memory of floats. The panel of rows r to r + Width - 1 holds at
/// <c>[p * Width + i]</c> the elements of row r + i at the inner indices 2 p, in the lower half, and 2 p + 1, in the upper half, or zero where there
/// is none.
/// </summary>
internal static unsafe class PairPanels
{
    /// <summary>Packs one panel; but for <paramref name="width"/>, the arguments are those of <see cref="Panels{TTile, TFloats, TFormat}.Pack"/>.</summary>
    public static void Pack(ushort* source, nint rowStride, nint depthStride, int rows, int depth, int width, uint* pairs)
    {
        if (rowStride == 1)
            PackAlong(source, depthStride, rows, depth, width, pairs);
        else
            PackAcross(source, rowStride, rows, depth, width, pairs);
    }

    /// <summary>The panel's rows lie side by side in memory.</summary>
    private static void PackAlong(ushort* source, nint depthStride, int rows, int depth, int width, uint* pairs)
    {
        var zeros = stackalloc ushort[rows];
        for (var k = 0; k < depth; k += 2, source += 2 * depthStride, pairs += width)
        {
            var odd = k + 1 < depth ? source + depthStride : zeros;
            var i = 0;
            for (; i <= rows - Floats16.Count; i += Floats16.Count)
                (Floats16.Widen(source + i) | (Floats16.Widen(odd + i) << 16)).Store(pairs + i);
            for (; i < rows; i++)
                pairs[i] = source[i] | ((uint)odd[i] << 16);
        }
    }

    /// <summary>The inner index runs along memory, where pairs lie as the panel has them: they are transposed.</summary>
    private static void PackAcross(ushort* source, nint rowStride, int rows, int depth, int width, uint* pairs)
    {
        var order = Transposition.OrderOf<uint>();
        for (var row = 0; row < rows; row += order)
        {
            var k = 0;
            for (; row <= rows - order && k <= depth - 2 * order; k += 2 * order)
                Transposition.TransposePairs(source + row * rowStride + k, rowStride, pairs + (nint)k / 2 * width + row, width);
            for (; k < depth; k += 2)
            {
                for (var i = row; i < Math.Min(rows, row + order); i++)
                {
                    var pair = source + i * rowStride + k;
                    pairs[(nint)k / 2 * width + i] = pair[0] | (k + 1 < depth ? (uint)pair[1] << 16 : 0);
                }
            }
        }
    }
}
