using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>
/// All steps of Newton-Schulz on one small matrix, by one thread. Matrices stay floats in the panels that products read: a square of a result is
/// rounded when it is summed, and stored as it stands and transposed. Nothing is packed from the first step to the last.
/// </summary>
/// <remarks>The bits are those of one operation after the other, but for which NaN: the same sums in the same order.</remarks>
internal static unsafe class PanelNewtonSchulz<TTile, TFloats, TFormat>
    where TTile : IMatrixTile
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    /// <summary>
    /// Floats of the panels of a 256 x 256 matrix, whose sides are 264 where tiles are 12 or 24 wide. From about twice as many on, beyond a
    /// second-level cache of 2 MB, products that pack are as fast.
    /// </summary>
    private const long MostFloats = 5 * 256 * 264;

    private static int Width => TTile.Columns;

    /// <summary>Whether a matrix is small: its panels fit a cache, and all its sums are one accumulation block.</summary>
    public static bool Takes(MatrixBatch x)
    {
        int order = x.Order, depth = Math.Max(x.Rows, x.Columns);
        return !TTile.TakesPairs && depth <= ProductJob<TTile, TFloats, TFormat>.Accumulation(depth) && Floats(order, depth) <= MostFloats;
    }

    /// <summary>Takes a matrix through all steps, in place.</summary>
    public static void Run(MatrixBatch x, ReadOnlySpan<NewtonSchulzStep> steps)
    {
        // X is the matrix, or its transpose if it is tall.
        int order = x.Order, depth = Math.Max(x.Rows, x.Columns);
        var (size, squareSize) = (Length(depth, order), Length(order, order));
        // X in panels of its columns and of its rows. The square ones are symmetric.
        var columns = Scratch.Left(Floats(order, depth));
        float* other = columns + size, product = other + size, polynomial = product + squareSize, rows = polynomial + squareSize;

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
        Panels<TTile, TFloats, TFormat>.ClearEdge(order, order, product);
        Panels<TTile, TFloats, TFormat>.ClearEdge(order, order, polynomial);
        foreach (var (a, b, c) in steps)
        {
            if (c == 0)
            {
                MultiplySymmetric(rows, order, depth, (float)b, null, 0, polynomial);
            }
            else
            {
                MultiplySymmetric(rows, order, depth, 1, null, 0, product);
                MultiplySymmetric(product, order, order, (float)c, product, (float)b, polynomial);
            }
            // Nothing is added if a is 0: else -0 would become 0.
            Multiply(polynomial, columns, order, depth, order, 1, (float)a == 0 ? null : columns, (float)a, other, rows, isSymmetric: false);
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

    /// <summary>Floats of all panels: twice X in panels of its columns, once of its rows, and two square matrices.</summary>
    private static long Floats(int order, int depth) => 2 * Length(depth, order) + Length(order, depth) + 2 * Length(order, order);

    /// <summary>Writes panels of rows as panels of columns, or the reverse.</summary>
    /// <param name="panels">The panels.</param>
    /// <param name="rows">Rows side by side in them.</param>
    /// <param name="depth">Their length, and how many are side by side in those to write.</param>
    /// <param name="turned">Where to.</param>
    private static void Transpose(float* panels, int rows, int depth, float* turned)
    {
        Panels<TTile, TFloats, TFormat>.ClearEdge(depth, rows, turned);
        for (var row = 0; row < rows; row += Width)
        {
            for (var k = 0; k < depth; k += Width)
            {
                Panels<TTile, TFloats, TFormat>.TransposeSquare(
                    panels + (nint)row * depth + k * Width, Math.Min(Width, depth - k), Math.Min(Width, rows - row), turned + (nint)k * rows + row * Width);
            }
        }
    }

    /// <summary>Multiplies a matrix and its transpose, or a symmetric matrix and itself.</summary>
    private static void MultiplySymmetric(float* panels, int order, int depth, float alpha, float* addend, float beta, float* result) =>
        Multiply(panels, panels, order, order, depth, alpha, addend, beta, result, result, isSymmetric: true);

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
    /// <param name="turned">The result, in panels of its rows: of a symmetric one the same panels.</param>
    /// <param name="isSymmetric">Whether it is symmetric, and computed below the diagonal.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* left, float* right, int rows, int columns, int depth, float alpha, float* addend, float beta, float* result, float* turned, bool isSymmetric)
    {
        // Vectors lie on cache lines.
        const int alignment = 64;
        var memory = stackalloc byte[Width * Width * sizeof(float) + alignment];
        var sums = (float*)((nint)(memory + alignment - 1) & -alignment);
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
                    Panels<TTile, TFloats, TFormat>.TransposeSquare(result + at, height, width, turned + (nint)i * columns + j * Width);
                else if (TTile.Rows < Width)
                    Panels<TTile, TFloats, TFormat>.Mirror(result + at, height);
            }
        }
    }

    /// <summary>Rounds the rows of a square, and stores them at their places in a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(float* sums, int rows, float alpha, float* addend, float beta, float* result)
    {
        // Broadcast once, outside the loop: the instruction occupies a port that multiplies.
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
