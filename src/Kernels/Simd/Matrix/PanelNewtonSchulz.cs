using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>
/// All steps of Newton-Schulz on one small matrix, by one thread. Matrices stay floats in the panels that products read: a square of a result is
/// rounded when it is summed, and stored as it stands and transposed. Nothing is packed from the first step to the last.
/// </summary>
/// <remarks>The bits are those of one operation after the other: the same sums in the same order.</remarks>
internal static unsafe class PanelNewtonSchulz<TTile, TFloats, TFormat>
    where TTile : IMatrixTile
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    /// <summary>Floats of the panels of a 256 x 256 matrix. From about twice as many on, beyond a second-level cache of 2 MB, products that pack are as fast.</summary>
    private const long MostFloats = 5 * 256 * 256;

    private static int Width => TTile.Columns;

    /// <summary>Whether a matrix is small: its panels fit a cache, and all its sums are one accumulation block.</summary>
    public static bool Takes(MatrixBatch x)
    {
        int order = x.Order, depth = Math.Max(x.Rows, x.Columns);
        return !TTile.TakesPairs && depth <= ProductJob<TTile, TFloats, TFormat>.Accumulation(depth) && 3L * order * depth + 2L * order * order <= MostFloats;
    }

    /// <summary>Takes a matrix through all steps, in place.</summary>
    public static void Run(MatrixBatch x, ReadOnlySpan<NewtonSchulzStep> steps)
    {
        // X is the matrix, or its transpose if it is tall.
        int order = x.Order, depth = Math.Max(x.Rows, x.Columns);
        var (size, turnedSize, squareSize) = (Length(depth, order), Length(order, depth), Length(order, order));
        // X in panels of its columns and of its rows. The square ones are symmetric.
        var columns = Scratch.Left(2 * size + turnedSize + 2 * squareSize);
        float* other = columns + size, rows = other + size, product = rows + turnedSize, polynomial = product + squareSize;

        var matrix = (void*)x.Address;
        if (x.IsTall)
        {
            Panels<TTile, TFloats, TFormat>.Pack(matrix, 0, 1, order, order, depth, rows);
            Transpose(rows, order, depth, columns);
        }
        else
        {
            Panels<TTile, TFloats, TFormat>.Pack(matrix, 0, 1, depth, depth, order, columns);
            Transpose(columns, depth, order, rows);
        }
        foreach (var (a, b, c) in steps)
        {
            if (c == 0)
            {
                Multiply(rows, rows, order, order, depth, (float)b, null, 0, polynomial, polynomial);
            }
            else
            {
                Multiply(rows, rows, order, order, depth, 1, null, 0, product, product);
                Multiply(product, product, order, order, order, (float)c, product, (float)b, polynomial, polynomial);
            }
            Multiply(polynomial, columns, order, depth, order, 1, columns, (float)a, other, rows);
            var next = other;
            other = columns;
            columns = next;
        }
        if (x.IsTall)
            Panels<TTile, TFloats, TFormat>.Unpack(rows, order, depth, matrix);
        else
            Panels<TTile, TFloats, TFormat>.Unpack(columns, depth, order, matrix);
    }

    private static long Length(int rows, int depth) => Panels<TTile, TFloats, TFormat>.Length(rows, depth);

    /// <summary>Writes panels of a matrix's columns as panels of its rows.</summary>
    /// <param name="panels">The panels.</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="rows">Its rows, along which the panels run.</param>
    /// <param name="turned">Where to.</param>
    private static void Transpose(float* panels, int columns, int rows, float* turned)
    {
        for (var column = 0; column < columns; column += Width)
        {
            for (var row = 0; row < rows; row += Width)
            {
                Panels<TTile, TFloats, TFormat>.Transpose(
                    panels + (nint)column * rows + row * Width, Math.Min(Width, rows - row), Math.Min(Width, columns - column), turned + (nint)row * columns + column * Width);
            }
        }
    }

    /// <summary>Multiplies, adds and rounds as <see cref="ProductJob{TTile, TFloats, TFormat}"/> does.</summary>
    /// <param name="left">Panels of the left matrix's rows.</param>
    /// <param name="right">Panels of the right matrix's columns.</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of the result.</param>
    /// <param name="depth">Length of the sums.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="addend">What is added, in panels as the result's; null for nothing.</param>
    /// <param name="beta">Its factor.</param>
    /// <param name="result">The result, in panels of its columns.</param>
    /// <param name="turned">The result, in panels of its rows. If these are the same, it is symmetric, and computed below the diagonal.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* left, float* right, int rows, int columns, int depth, float alpha, float* addend, float beta, float* result, float* turned)
    {
        // Vectors lie on cache lines.
        const int alignment = 64;
        var memory = stackalloc byte[Width * Width * sizeof(float) + alignment];
        var sums = (float*)((nint)(memory + alignment - 1) & -alignment);
        var isSymmetric = result == turned;
        // All panels are in the cache.
        var ahead = default(PanelPrefetch);
        for (var i = 0; i < rows; i += Width)
        {
            var height = Math.Min(Width, rows - i);
            var reach = isSymmetric ? i + height : columns;
            for (var j = 0; j < reach; j += Width)
            {
                var width = Math.Min(Width, reach - j);
                var isDiagonal = isSymmetric && i == j;
                for (var row = 0; row < height; row += TTile.Rows)
                {
                    var asked = isDiagonal ? Math.Min(width, row + TTile.Rows) : width;
                    TTile.Multiply(left + (nint)i * depth + row, right + (nint)j * depth, depth, null, sums + row * Width, Width, add: false, asked, ref ahead);
                }
                var at = (nint)j * rows + i * Width;
                Round(sums, height, alpha, addend == null ? null : addend + at, beta, result + at);
                if (!isDiagonal)
                    Panels<TTile, TFloats, TFormat>.Transpose(result + at, height, width, turned + (nint)i * columns + j * Width);
                else if (TTile.Rows < Width)
                    Panels<TTile, TFloats, TFormat>.Mirror(result + at, height);
            }
        }
    }

    /// <summary>Rounds the rows of a square, and stores them at their places in a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(float* sums, int rows, float alpha, float* addend, float beta, float* result)
    {
        // Filled once: the instruction takes a turn of a unit that multiplies.
        var (scale, weight) = (TFloats.Create(alpha), TFloats.Create(beta));
        for (var row = 0; row < rows; row++, sums += Width)
        {
            var place = Panels<TTile, TFloats, TFormat>.Place(row, rows) * Width;
            for (var i = 0; i < Width; i += TFloats.Count)
            {
                var sum = TFloats.Load(sums + i);
                if (addend != null)
                    sum = TFloats.FusedMultiplyAdd(TFloats.Load(addend + place + i), weight, TFloats.Multiply(scale, sum));
                else if (alpha != 1)
                    sum = TFloats.Multiply(scale, TFormat.Round(sum));
                TFloats.Store(TFormat.Round(sum), result + place + i);
            }
        }
    }
}
