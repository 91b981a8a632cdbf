using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>
/// Packs a matrix for the products: as floats, in panels of a few rows (or columns) side by side, each running along a stretch of the inner
/// index. The panel of rows r to r + Width - 1 holds at <c>[k * Width + i]</c> the element of row r + i at the k-th inner index of the stretch.
/// Where the tile takes pairs, a place of the panel holds two inner indices: see <see cref="PairPanels"/>.
/// </summary>
/// <remarks>
/// All panels of a stretch lie one behind the other, those of the next stretch behind them: what a block of the result needs of a stretch
/// is one piece of memory. Panels as long as the matrix would lie a power of two apart, and drive each other from the caches.
/// The k-th inner index is not k: pairs stand odd before even (1, 0, 3, 2, …, a last single one at the end), so that a tile that simply
/// runs along the panel sums in the order of the CPU's bfloat16 dot instruction, which is the order that DESIGN's Numbers gives.
/// </remarks>
internal static unsafe class Panels<TTile, TFloats, TFormat>
    where TTile : IMatrixTile
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    /// <summary>Rows and columns of the parts that squares are transposed by.</summary>
    private const int Part = Transposition.WideOrder;

    /// <summary>Rows side by side in a panel.</summary>
    public static int Width => TTile.Columns;

    /// <summary>Inner indices of a stretch: a panel of one matrix stays in the first-level cache while those of the other pass by.</summary>
    public static int Stretch => TTile.TakesPairs ? 256 : 128;

    /// <summary>How many panels there are.</summary>
    public static int Count(int rows) => (rows + Width - 1) / Width;

    /// <summary>Places in a panel, each <see cref="Width"/> floats of memory, for so many inner indices from the beginning of a stretch.</summary>
    public static int Places(int depth) => TTile.TakesPairs ? (depth + 1) / 2 : depth;

    /// <summary>Floats that a packed matrix occupies.</summary>
    public static long Length(int rows, int depth) => (long)Count(rows) * Width * Places(depth);

    /// <summary>Where a panel lies.</summary>
    /// <param name="rows">Rows of the matrix.</param>
    /// <param name="row">The panel's first.</param>
    /// <param name="first">The first inner index of the stretch.</param>
    /// <param name="depth">Length of the stretch.</param>
    public static nint Offset(int rows, int row, int first, int depth) => (nint)Count(rows) * Width * Places(first) + (nint)row * Places(depth);

    /// <summary>Packs panels one behind the other.</summary>
    /// <param name="source">The matrix.</param>
    /// <param name="start">Index of the element in the first panel's first row at the first inner index.</param>
    /// <param name="rowStride">Elements from one row of the panels to the next.</param>
    /// <param name="depthStride">Elements from one inner index to the next; this or <paramref name="rowStride"/> is 1.</param>
    /// <param name="rows">Rows that there are; the rest of the last panel becomes zero.</param>
    /// <param name="depth">Length of the stretch.</param>
    /// <param name="panels">Where to.</param>
    public static void Pack(void* source, nint start, nint rowStride, nint depthStride, int rows, int depth, float* panels)
    {
        ClearEdge(rows, depth, panels);
        if (rowStride == 1 && !TTile.TakesPairs)
        {
            PackAlong(source, start, depthStride, rows, depth, panels);
            return;
        }
        for (; rows > 0; rows -= Width, start += Width * rowStride, panels += (nint)Width * Places(depth))
        {
            var count = Math.Min(rows, Width);
            if (TTile.TakesPairs)
                PairPanels.Pack((ushort*)source + start, rowStride, depthStride, count, depth, Width, (uint*)panels);
            else if (TFormat.Size == 2)
                PackAcross((ushort*)source + start, rowStride, count, depth, panels);
            else
                PackAcross((float*)source + start, rowStride, count, depth, panels);
        }
    }

    /// <summary>
    /// Zeroes the last panel if not all of its rows are there. Tiles compute with what is beside them: numbers that memory happened to hold might
    /// be subnormal, which takes many times as long.
    /// </summary>
    /// <param name="rows">Rows that there are.</param>
    /// <param name="depth">Length of the stretch.</param>
    /// <param name="panels">The first panel.</param>
    public static void ClearEdge(int rows, int depth, float* panels)
    {
        if (rows % Width != 0)
            new Span<float>(panels + (nint)(rows / Width) * Width * Places(depth), checked(Width * Places(depth))).Clear();
    }

    /// <summary>Writes the matrix that was packed as one stretch, whose rows lie side by side in memory.</summary>
    /// <param name="panels">Numbers of the format already.</param>
    /// <param name="rows">Rows of the panels.</param>
    /// <param name="depth">Length of the stretch.</param>
    /// <param name="matrix">Where to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(float* panels, int rows, int depth, void* matrix)
    {
        for (var row = 0; row < rows; row += Width, panels += (nint)Width * depth)
        {
            var count = Math.Min(Width, rows - row);
            for (var k = 0; k < depth; k++)
            {
                var from = panels + Place(k, depth) * Width;
                var to = (nint)k * rows + row;
                var i = 0;
                for (; i <= count - TFloats.Count; i += TFloats.Count)
                    Elements<TFormat>.Store(TFloats.Load(from + i), matrix, to + i);
                for (; i < count; i++)
                    Elements<TFormat>.Store(Floats1.Load(from + i), matrix, to + i);
            }
        }
    }

    /// <summary>Writes the transpose of a square of a panel to its place in another.</summary>
    /// <param name="square">The square, from an even place on.</param>
    /// <param name="rows">Its places that are taken.</param>
    /// <param name="columns">How many numbers of each.</param>
    /// <param name="transpose">Where to, an even place.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransposeSquare(float* square, int rows, int columns, float* transpose)
    {
        if (rows == Transposition.PairedOrder && columns == Transposition.PairedOrder && Width == Transposition.PairedOrder && Avx512F.IsSupported)
        {
            Transposition.TransposePaired(square, transpose);
            return;
        }
        for (var column = 0; column < columns; column += Part)
        {
            for (var row = 0; row < rows; row += Part)
                TransposePart(square, row, rows, column, columns, transpose);
        }
    }

    /// <summary>Copies what is below the diagonal of a square to above it. Tiles compute the parts on the diagonal whole: these stay.</summary>
    /// <param name="square">The square, from an even place on.</param>
    /// <param name="rows">Its places that are taken.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Mirror(float* square, int rows)
    {
        for (var row = Part; row < rows; row += Part)
        {
            for (var column = 0; column < row; column += Part)
                TransposePart(square, row, rows, column, rows, square);
        }
    }

    /// <summary>Writes the transpose of a part of a square, of which not all may be there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposePart(float* square, int row, int rows, int column, int columns, float* transpose)
    {
        if (row <= rows - Part && column <= columns - Part && Transposition.IsSupported)
        {
            Transposition.TransposePaired(square + row * Width + column, Width, transpose + column * Width + row, Width);
            return;
        }
        for (var i = row; i < Math.Min(row + Part, rows); i++)
        {
            for (var j = column; j < Math.Min(column + Part, columns); j++)
                transpose[Place(j, columns) * Width + i] = square[Place(i, rows) * Width + j];
        }
    }

    /// <summary>Where inner index k stands: its neighbour's place, unless it has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Place(int k, int depth) => (k ^ 1) < depth ? k ^ 1 : k;

    /// <summary>The panels' rows lie side by side in memory, which is read along all of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackAlong(void* source, nint start, nint depthStride, int rows, int depth, float* panels)
    {
        for (var k = 0; k < depth; k++)
        {
            var from = start + k * depthStride;
            var to = panels + (nint)Place(k, depth) * Width;
            var row = 0;
            for (; row <= rows - Width; row += Width, from += Width, to += (nint)Width * depth)
            {
                for (var i = 0; i < Width; i += TFloats.Count)
                    TFloats.Store(Elements<TFormat>.Load<TFloats>(source, from + i), to + i);
            }
            for (var i = 0; i < rows - row; i++)
                Floats1.Store(Elements<TFormat>.Load<Floats1>(source, from + i), to + i);
        }
    }

    /// <summary>The inner index runs along memory: numbers of 16 bits are transposed 8 by 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackAcross(ushort* source, nint rowStride, int rows, int depth, float* panel)
    {
        var order = Transposition.OrderOf<ushort>();
        var block = stackalloc ushort[order * Width];
        for (var first = 0; first < depth; first += order)
        {
            var count = Math.Min(order, depth - first);
            var i = 0;
            for (; count == order && i <= rows - order; i += order)
                Transposition.Transpose(source + i * rowStride + first, rowStride, block + i, Width);
            for (; i < rows; i++)
            {
                for (var k = 0; k < count; k++)
                    block[k * Width + i] = source[i * rowStride + first + k];
            }
            for (var k = 0; k < count; k++)
            {
                var to = panel + (nint)Place(first + k, depth) * Width;
                for (i = 0; i < Width; i += TFloats.Count)
                    TFloats.Store(Elements<TFormat>.Load<TFloats>(block, k * Width + i), to + i);
            }
        }
    }

    /// <summary>The inner index runs along memory, for floats.</summary>
    private static void PackAcross(float* source, nint rowStride, int rows, int depth, float* panel)
    {
        for (var i = 0; i < rows; i++)
        {
            for (var k = 0; k < depth; k++)
                panel[(nint)Place(k, depth) * Width + i] = source[i * rowStride + k];
        }
    }
}
