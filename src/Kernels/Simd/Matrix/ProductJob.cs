using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>
/// The second half of a matrix product, after packing: blocks of the result, each summed over all inner indices and rounded once.
/// <c>result = round(beta * addend + alpha * (left right))</c>, or without an addend <c>result = round(alpha * round(left right))</c>.
/// A symmetric result is computed below the diagonal and mirrored; the bits are the same where the operands are one matrix.
/// </summary>
internal unsafe struct ProductJob<TTile, TFloats, TFormat> : IChunkedJob
    where TTile : IMatrixTile
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    /// <summary>
    /// Rows and columns of the largest block, a multiple of all tiles' columns: what is summed, and two stretches of both matrices, fit the second-level cache.
    /// </summary>
    private const int MaxBlock = 192;

    /// <summary>Packed matrices; see <see cref="Panels{TTile, TFloats, TFormat}"/>.</summary>
    public required float* Left, Right;

    public required int Rows, Columns, Depth;

    /// <summary>Whether the result is symmetric, as that of a matrix and its transpose is, or of symmetric matrices that commute.</summary>
    public required bool IsSymmetric;

    public required void* Result;

    /// <summary>What is added, of the result's shape; null for nothing.</summary>
    public void* Addend;

    public required float Alpha;

    public float Beta;

    private int _block;

    /// <summary>Inner indices of an accumulation block: sums run over each from zero, and the blocks' sums are added in order.</summary>
    /// <param name="depth">Length of the sums.</param>
    public static int Accumulation(int depth) => depth <= 1024 ? 512 : 1024;

    /// <summary>Runs on all cores.</summary>
    public void Run(Workers workers)
    {
        // Few blocks would leave cores idle at the end.
        _block = MaxBlock;
        for (var panels = MaxBlock / TTile.Columns; panels > 1 && Chunks < 4 * workers.Count && workers.Count > 1;)
        {
            panels = (panels + 1) / 2;
            _block = panels * TTile.Columns;
        }
        workers.Run(ref this, Chunks);
    }

    public readonly void Run(int chunk)
    {
        var (blockRow, blockColumn) = IsSymmetric ? Triangle(chunk) : (chunk / BlockColumns, chunk % BlockColumns);
        int row = blockRow * _block, column = blockColumn * _block;
        int rows = Math.Min(_block, Rows - row), columns = Math.Min(_block, Columns - column);
        var sums = Scratch.Block(2 * MaxBlock * MaxBlock);

        Multiply(row, column, rows, columns, sums);
        Round(row, column, rows, columns, sums);
        if (IsSymmetric)
            Mirror(row, column, rows, columns);
    }

    private readonly int BlockRows => (Rows + _block - 1) / _block;

    private readonly int BlockColumns => (Columns + _block - 1) / _block;

    private readonly int Chunks => IsSymmetric ? BlockRows * (BlockRows + 1) / 2 : BlockRows * BlockColumns;

    /// <summary>Row and column of the n-th place on or below the diagonal, counted row by row.</summary>
    private static (int Row, int Column) Triangle(int n)
    {
        var row = (int)((Math.Sqrt(8.0 * n + 1) - 1) / 2);
        return (row, n - row * (row + 1) / 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Multiply(int row, int column, int rows, int columns, float* sums)
    {
        var accumulation = Accumulation(Depth);
        var width = TTile.Columns;
        var partial = sums + MaxBlock * MaxBlock;
        var stretch = Panels<TTile, TFloats, TFormat>.Stretch;
        for (var k = 0; k < Depth; k += stretch)
        {
            var depth = Math.Min(stretch, Depth - k);
            var places = Panels<TTile, TFloats, TFormat>.Places(depth);
            var begins = k % accumulation == 0;
            var ends = k + depth == Depth || (k + depth) % accumulation == 0;
            var isFirstBlock = k < accumulation;
            var left = Left + Panels<TTile, TFloats, TFormat>.Offset(Rows, row, k, depth);
            var right = Right + Panels<TTile, TFloats, TFormat>.Offset(Columns, column, k, depth);
            var next = Math.Min(stretch, Depth - k - depth);
            var nextPlaces = Panels<TTile, TFloats, TFormat>.Places(next);
            var ahead = new PanelPrefetch(
                Left + Panels<TTile, TFloats, TFormat>.Offset(Rows, row, k + depth, next),
                (nint)rows * nextPlaces,
                Right + Panels<TTile, TFloats, TFormat>.Offset(Columns, column, k + depth, next),
                Left == Right && row == column ? 0 : (nint)columns * nextPlaces);
            for (var i = 0; i < rows; i += TTile.Rows)
            {
                // Of a symmetric result only what reaches the diagonal or below.
                var reach = IsSymmetric ? Math.Min(columns, row + i + TTile.Rows - column) : columns;
                var leftRows = left + (nint)(i / width) * width * places + i % width;
                for (var j = 0; j < reach; j += width)
                {
                    ahead.Turn();
                    var offset = i * MaxBlock + j;
                    var block = isFirstBlock ? sums + offset : partial + offset;
                    TTile.Multiply(leftRows, right + (nint)j * places, depth, begins ? null : block, ends ? sums + offset : block, MaxBlock, add: ends && !isFirstBlock, reach - j, ref ahead);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Round(int row, int column, int rows, int columns, float* sums)
    {
        for (var i = 0; i < rows; i++, sums += MaxBlock)
        {
            var start = (nint)(row + i) * Columns + column;
            // Of a symmetric result up to the diagonal, and what is beside that in a vector.
            var end = IsSymmetric ? Math.Min(columns, row + i + 1 - column) : columns;
            var j = 0;
            for (; j < end && j <= columns - TFloats.Count; j += TFloats.Count)
                Elements<TFormat>.Store(Rounded<TFloats>(sums + j, start + j), Result, start + j);
            for (; j < end; j++)
                Elements<TFormat>.Store(Rounded<Floats1>(sums + j, start + j), Result, start + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly T Rounded<T>(float* sum, nint index) where T : unmanaged, IFloats<T>
    {
        if (Addend != null)
            return TFormat.Round(T.FusedMultiplyAdd(Elements<TFormat>.Load<T>(Addend, index), T.Create(Beta), T.Multiply(T.Create(Alpha), T.Load(sum))));
        var rounded = TFormat.Round(T.Load(sum));
        return Alpha == 1 ? rounded : TFormat.Round(T.Multiply(T.Create(Alpha), rounded));
    }

    /// <summary>Copies what was computed below the diagonal to above it.</summary>
    private readonly void Mirror(int row, int column, int rows, int columns)
    {
        if (TFormat.Size == sizeof(ushort))
            Mirror((ushort*)Result, row, column, rows, columns);
        else
            Mirror((uint*)Result, row, column, rows, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Mirror<T>(T* result, int row, int column, int rows, int columns) where T : unmanaged
    {
        var order = Transposition.OrderOf<T>();
        for (var j = 0; j < columns; j += order)
        {
            // In a block on the diagonal, squares from the diagonal on down.
            for (var i = row == column ? j : 0; i < rows; i += order)
            {
                var from = result + (nint)(row + i) * Columns + column + j;
                var to = result + (nint)(column + j) * Columns + row + i;
                if (i > rows - order || j > columns - order)
                    MirrorEdge(from, to, Math.Min(order, rows - i), Math.Min(order, columns - j));
                else if (from == to)
                    Transposition.Mirror(from, Columns);
                else
                    Transposition.Transpose(from, Columns, to, Columns);
            }
        }
    }

    /// <summary>The same for what is no whole square, in which elements on and above the diagonal stay.</summary>
    private readonly void MirrorEdge<T>(T* from, T* to, int rows, int columns) where T : unmanaged
    {
        for (var j = 0; j < columns; j++)
        {
            for (var i = from == to ? j + 1 : 0; i < rows; i++)
                to[(nint)j * Columns + i] = from[(nint)i * Columns + j];
        }
    }
}
