namespace GpuOptim.Tests.Support;

/// <summary>Matrix arithmetic written plainly: in double, and in float with every rounding in its place.</summary>
internal static class ReferenceMatrix
{
    /// <summary>a b, or a bᵀ, in double.</summary>
    public static double[,] Multiply(double[,] a, double[,] b, bool transposeB = false)
    {
        int rows = a.GetLength(0), inner = a.GetLength(1), columns = b.GetLength(transposeB ? 0 : 1);
        var result = new double[rows, columns];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                var sum = 0.0;
                for (var k = 0; k < inner; k++)
                    sum += a[i, k] * (transposeB ? b[j, k] : b[k, j]);
                result[i, j] = sum;
            }
        }
        return result;
    }

    /// <summary>Newton-Schulz in double, on the matrix as it lies, or on its transpose if it is tall.</summary>
    public static double[,] Orthogonalize(double[,] matrix, IEnumerable<(double A, double B, double C)> steps, double normScale = 1, double epsilon = 1e-7)
    {
        var tall = matrix.GetLength(0) > matrix.GetLength(1);
        var x = tall ? Transpose(matrix) : (double[,])matrix.Clone();
        var norm = Math.Max(epsilon, normScale * Math.Sqrt(x.Cast<double>().Sum(value => value * value)));
        x = Map(x, value => value / norm);
        foreach (var (a, b, c) in steps)
        {
            var gram = Multiply(x, x, transposeB: true);
            var square = Multiply(gram, gram);
            var product = Multiply(Combine(gram, square, (first, second) => b * first + c * second), x);
            x = Combine(x, product, (first, second) => a * first + second);
        }
        return tall ? Transpose(x) : x;
    }

    /// <summary>a b, or a bᵀ, in float in the order of summation that the library promises, not yet rounded.</summary>
    public static float[,] MultiplyInOrder(float[,] a, float[,] b, bool transposeB = false)
    {
        int rows = a.GetLength(0), inner = a.GetLength(1), columns = b.GetLength(transposeB ? 0 : 1);
        var block = inner <= 1024 ? 512 : 1024;
        var result = new float[rows, columns];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                for (var start = 0; start < inner; start += block)
                {
                    var sum = 0f;
                    var end = Math.Min(inner, start + block);
                    for (var place = start; place < end; place++)
                    {
                        var k = (place ^ 1) < inner ? place ^ 1 : place;
                        sum = MathF.FusedMultiplyAdd(a[i, k], transposeB ? b[j, k] : b[k, j], sum);
                    }
                    result[i, j] = start == 0 ? sum : result[i, j] + sum;
                }
            }
        }
        return result;
    }

    public static T[,] Transpose<T>(T[,] matrix)
    {
        var result = new T[matrix.GetLength(1), matrix.GetLength(0)];
        for (var i = 0; i < result.GetLength(0); i++)
        {
            for (var j = 0; j < result.GetLength(1); j++)
                result[i, j] = matrix[j, i];
        }
        return result;
    }

    public static TResult[,] Map<T, TResult>(T[,] matrix, Func<T, TResult> map) => Combine(matrix, matrix, (value, _) => map(value));

    public static TResult[,] Combine<T, TResult>(T[,] a, T[,] b, Func<T, T, TResult> combine)
    {
        var result = new TResult[a.GetLength(0), a.GetLength(1)];
        for (var i = 0; i < result.GetLength(0); i++)
        {
            for (var j = 0; j < result.GetLength(1); j++)
                result[i, j] = combine(a[i, j], b[i, j]);
        }
        return result;
    }

    /// <summary>The largest distance between two matrices' elements; infinite if one is not finite.</summary>
    public static double Distance(double[,] a, double[,] b)
    {
        var largest = 0.0;
        for (var i = 0; i < a.GetLength(0); i++)
        {
            for (var j = 0; j < a.GetLength(1); j++)
            {
                var distance = Math.Abs(a[i, j] - b[i, j]);
                largest = Math.Max(largest, double.IsFinite(distance) ? distance : double.PositiveInfinity);
            }
        }
        return largest;
    }

    public static double[,] Random(int rows, int columns, int seed, double scale = 1)
    {
        var random = new Random(seed);
        return Map(new double[rows, columns], _ => (random.NextDouble() * 2 - 1) * scale);
    }

    public static T[,] Unflatten<T>(ReadOnlySpan<T> values, int rows, int columns)
    {
        var result = new T[rows, columns];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
                result[i, j] = values[i * columns + j];
        }
        return result;
    }

    public static T[] Flatten<T>(T[,] matrix) => [.. matrix.Cast<T>()];
}
