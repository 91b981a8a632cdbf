using System.Numerics.Tensors;
using GpuOptim.Benchmarks.Engine;

namespace GpuOptim.Benchmarks.NewtonSchulz;

/// <summary>Looks whether singular values are near one, as five quintic steps leave them.</summary>
internal static class OrthogonalityCheck
{
    private const int Probes = 8;

    // Five quintic steps of the standard coefficients leave singular values between 0.68 and 1.13, but for those that were below a thousandth of the norm.
    private const double Least = 0.5;
    private const double Most = 1.2;

    /// <summary>Multiplies random vectors with a matrix: their lengths change by a factor between its least and its largest singular value.</summary>
    /// <returns>What was found, for people.</returns>
    /// <exception cref="WrongResultException">A factor is out of bounds.</exception>
    public static string Run(float[] matrix, Shape shape)
    {
        var random = new Random(2);
        var (least, most) = (double.PositiveInfinity, 0.0);
        var isWide = shape.Rows <= shape.Columns;
        var vector = new float[isWide ? shape.Rows : shape.Columns];
        for (var probe = 0; probe < Probes; probe++)
        {
            foreach (ref var number in vector.AsSpan())
                number = random.NextSingle() - 0.5f;
            var factor = TensorPrimitives.Norm<float>(isWide ? TimesTransposed(matrix, shape, vector) : Times(matrix, shape, vector)) / TensorPrimitives.Norm<float>(vector);
            (least, most) = (Math.Min(least, factor), Math.Max(most, factor));
            // NaN must not pass.
            if (!(factor >= Least && factor <= Most))
                throw new WrongResultException($"Singular values of an orthogonalized {shape} matrix must be near 1: a vector must be stretched by {Least} to {Most}. Actual factor was {factor}.");
        }
        return $"stretches by {least:F2} to {most:F2}";
    }

    private static float[] Times(float[] matrix, Shape shape, float[] vector) =>
        [.. Enumerable.Range(0, shape.Rows).Select(row => TensorPrimitives.Dot(matrix.AsSpan(row * shape.Columns, shape.Columns), vector))];

    private static float[] TimesTransposed(float[] matrix, Shape shape, float[] vector)
    {
        var result = new float[shape.Columns];
        for (var row = 0; row < shape.Rows; row++)
            TensorPrimitives.MultiplyAdd(matrix.AsSpan(row * shape.Columns, shape.Columns), vector[row], result, result);
        return result;
    }
}
