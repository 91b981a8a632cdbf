namespace GpuOptim.Kernels;

/// <summary>Where Newton-Schulz on X Xᵀ begins anew: as seldom as its rounding allows.</summary>
/// <remarks>
/// X Xᵀ in float32 is off by about a unit in the last place of 1 in each eigenvalue, which the steps then enlarge as they enlarge small eigenvalues.
/// What becomes of a singular value is computed with that error and without; the restarts are the fewest, evenly spread, with which the two differ by no
/// more than <see cref="Tolerance"/>. Source of the method: https://dao-ailab.github.io/blog/2026/gram-newton-schulz/, which looks for Q's best condition.
/// </remarks>
internal static class GramRestarts
{
    /// <summary>As much as bfloat16 rounds by, twice: what standard Newton-Schulz loses in any case.</summary>
    public const double Tolerance = 1.0 / 128;

    private const double Unit = 1.0 / (1 << 23);
    private const double Smallest = 1e-6;
    private const int Values = 300;

    /// <summary>The restarts for some steps.</summary>
    /// <param name="steps">The coefficients of each.</param>
    /// <returns>The steps before which to begin anew, in order; all but the first if nothing else will do.</returns>
    public static int[] Of(NewtonSchulzStep[] steps)
    {
        for (var count = 0; count < steps.Length - 1; count++)
        {
            int[] restarts = [.. Enumerable.Range(1, count).Select(i => (int)Math.Round((double)steps.Length * i / (count + 1), MidpointRounding.AwayFromZero)).Distinct()];
            if (Error(steps, restarts) <= Tolerance)
                return restarts;
        }
        return [.. Enumerable.Range(1, Math.Max(0, steps.Length - 1))];
    }

    /// <summary>The most that a singular value between a millionth and 1 ends away from the polynomials' value.</summary>
    public static double Error(NewtonSchulzStep[] steps, int[] restarts)
    {
        var error = 0.0;
        for (var i = 0; i <= Values; i++)
        {
            var value = Math.Pow(Smallest, (double)i / Values);
            var exact = steps.Aggregate(value, (x, step) => step.Apply(x));
            foreach (var perturbation in (ReadOnlySpan<double>)[Unit, -Unit])
            {
                var difference = Math.Abs(Iterate(steps, restarts, value, perturbation) - exact);
                // No comparison finds NaN.
                error = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(error, difference);
            }
        }
        return error;
    }

    private static double Iterate(NewtonSchulzStep[] steps, int[] restarts, double x, double perturbation)
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
            r *= factor * factor;
        }
        return x * q;
    }
}
