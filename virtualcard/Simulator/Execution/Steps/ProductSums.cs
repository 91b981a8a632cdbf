namespace VirtualCard.Execution.Steps;

/// <summary>Sums of products as tensor cores form them, about.</summary>
internal static unsafe class ProductSums
{
    /// <summary>Some products and a sum, aligned to the largest exponent and truncated.</summary>
    /// <param name="stride">Between the second factors.</param>
    public static double Aligned(double* x, double* y, int stride, int count, double sum)
    {
        const int Least = -1000, ExtraBits = 2, FractionBits = 23;
        var terms = stackalloc double[count + 1];
        var top = Least;
        for (var k = 0; k < count; k++)
        {
            terms[k] = x[k] * y[k * stride];
            if (terms[k] != 0)
                top = Math.Max(top, Exponent(x[k]) + Exponent(y[k * stride]));
        }
        terms[count] = sum;
        if (sum != 0)
            top = Math.Max(top, Exponent(sum) + 1);
        var unit = Math.ScaleB(1, Math.Clamp(top - 2 - FractionBits - ExtraBits, Least, -Least));
        double total = 0;
        for (var k = 0; k <= count; k++)
            total += Math.Truncate(terms[k] / unit) * unit;
        return Floats.RoundToFloat(total, Rounding.Zero);
    }

    /// <summary>The exponent of a number as a fraction below one times a power of two.</summary>
    private static int Exponent(double value) => double.IsFinite(value) && value != 0 ? Math.ILogB(value) + 1 : 0;
}
