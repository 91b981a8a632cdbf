namespace GpuOptim.Kernels;

/// <summary>Where Newton-Schulz on X Xᵀ begins anew: as seldom as its rounding allows.</summary>
/// <remarks>
/// Rounded, X Xᵀ is off by a little in each eigenvalue, which the steps then enlarge as they enlarge small eigenvalues. What becomes of a singular value is
/// computed with that error and without; the restarts are the fewest, evenly spread, with which the two differ by no more than is tolerated, and numbers stay
/// in range. Source of the method: https://dao-ailab.github.io/blog/2026/gram-newton-schulz/, which looks for Q's best condition.
/// </remarks>
internal static class GramRestarts
{
    /// <summary>The largest number that is allowed for in float16: half of what it ends at.</summary>
    public const double LargestFloat16 = 65504 / 2;

    private const double Smallest = 1e-6;
    private const int Values = 300;

    /// <summary>The most by which singular values may differ for a work type.</summary>
    /// <remarks>In float as much as bfloat16 rounds by, twice; in float16 as much as the standard method loses to bfloat16.</remarks>
    public static double ToleranceOf(ElementType type) => type == ElementType.Float16 ? 1.0 / 16 : 1.0 / 128;

    /// <summary>The restarts for some steps.</summary>
    /// <param name="steps">The coefficients of each.</param>
    /// <param name="type">The work type.</param>
    /// <param name="largestValue">The largest singular value.</param>
    /// <returns>The steps before which to begin anew, in order; all but the first if nothing else will do.</returns>
    public static int[] Of(NewtonSchulzStep[] steps, ElementType type, double largestValue = 1)
    {
        for (var count = 0; count < steps.Length - 1; count++)
        {
            // The first runs are the shorter ones: there coefficients are steepest.
            int[] restarts = [.. Enumerable.Range(1, count).Select(i => steps.Length * i / (count + 1))];
            var (error, largest) = Bounds(steps, restarts, type, largestValue, ToleranceOf(type));
            if (error <= ToleranceOf(type) && (type != ElementType.Float16 || largest <= LargestFloat16))
                return restarts;
        }
        return EveryStep(steps);
    }

    /// <summary>The most that a singular value between a millionth of the largest and that ends away from the polynomials' value.</summary>
    public static double Error(NewtonSchulzStep[] steps, int[] restarts, ElementType type) => Bounds(steps, restarts, type).Error;

    /// <summary>The largest number that there is with restarts before every step, with which all there is are the standard method's numbers.</summary>
    public static double LeastRange(NewtonSchulzStep[] steps, ElementType type, double largestValue = 1) => Bounds(steps, EveryStep(steps), type, largestValue).Largest;

    /// <summary>By how much an eigenvalue is off.</summary>
    /// <remarks>
    /// In float a unit in the last place of 1: the sums of products round, too. In float16 a quarter of what a number is rounded by at most:
    /// elements round up as often as down. (Measured on matrices of 24 to 512 rows: an eighth to a quarter.)
    /// </remarks>
    private static double UnitOf(ElementType type) => type == ElementType.Float16 ? 1.0 / (1 << 13) : 1.0 / (1 << 23);

    private static int[] EveryStep(NewtonSchulzStep[] steps) => [.. Enumerable.Range(1, Math.Max(0, steps.Length - 1))];

    /// <summary>The largest error and the largest number; of what is seen to be beyond a limit, only that.</summary>
    private static (double Error, double Largest) Bounds(
        NewtonSchulzStep[] steps, int[] restarts, ElementType type, double largestValue = 1, double limit = double.PositiveInfinity)
    {
        double error = 0, largest = 0, unit = UnitOf(type);
        // Small values are off the most.
        for (var i = Values; i >= 0 && error <= limit; i--)
        {
            var value = largestValue * Math.Pow(Smallest, (double)i / Values);
            var exact = steps.Aggregate(value, (x, step) => step.Apply(x));
            foreach (var perturbation in (ReadOnlySpan<double>)[unit, -unit])
            {
                var difference = Math.Abs(Iterate(steps, restarts, value, perturbation, ref largest) - exact);
                // No comparison finds NaN.
                error = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(error, difference);
            }
        }
        return (error, largest);
    }

    /// <summary>What becomes of a singular value, and, with what it was before, the largest of it and of the eigenvalues of R, Z, Q and (a I + Z) R.</summary>
    private static double Iterate(NewtonSchulzStep[] steps, int[] restarts, double x, double perturbation, ref double largest)
    {
        double r = 0, q = 1;
        for (var step = 0; step < steps.Length; step++)
        {
            if (step == 0 || Array.IndexOf(restarts, step) >= 0)
            {
                x *= q;
                (r, q) = (x * x + perturbation, 1);
            }
            var factor = steps[step].Factor(r);
            q *= factor;
            foreach (var number in (ReadOnlySpan<double>)[x, r, factor - steps[step].A, q, factor * r])
                largest = Math.Max(largest, Math.Abs(number));
            r *= factor * factor;
        }
        x *= q;
        largest = Math.Max(largest, Math.Abs(x));
        return x;
    }
}
