namespace GpuOptim.Kernels;

/// <summary>Polar Express: for a number of steps the odd quintics that together take an interval nearest to 1.</summary>
/// <remarks>Each is the best for the interval that those before it leave. Source: N. Amsel et al., 2025, arXiv:2505.16932, theorem 3.1 and algorithm 1.</remarks>
internal static class PolarExpressPolynomials
{
    // Best quintics of intervals this narrow are the limit's, to the last digits; Remez' system of equations becomes singular.
    private const double Narrow = 1 - 5e-6;
    private const int MaxExchanges = 100;

    /// <summary>The polynomials.</summary>
    /// <param name="steps">How many.</param>
    /// <param name="smallest">Where the interval begins; it ends at 1.</param>
    /// <param name="safety">What values may exceed the interval by, as a factor; not at the last step.</param>
    /// <param name="cushion">No polynomial is made for an interval that begins below this part of its end: it would be too steep for rounded numbers.</param>
    public static NewtonSchulzStep[] Compose(int steps, double smallest, double safety, double cushion)
    {
        var (lower, upper) = (smallest, 1.0);
        var result = new NewtonSchulzStep[steps];
        for (var i = 0; i < steps; i++)
        {
            var step = Best(Math.Max(lower, cushion * upper), upper);
            if (cushion * upper > lower)
            {
                // The interval's image must have 1 in its middle, for all of the interval.
                var middle = (step.Apply(lower) + step.Apply(upper)) / 2;
                step = new(step.A / middle, step.B / middle, step.C / middle);
            }
            if (i < steps - 1)
                step = new(step.A / safety, step.B / Math.Pow(safety, 3), step.C / Math.Pow(safety, 5));
            result[i] = step;
            lower = step.Apply(lower);
            upper = 2 - lower;
        }
        return result;
    }

    /// <summary>The odd quintic that is nearest to 1 on an interval, by Remez' exchange algorithm.</summary>
    public static NewtonSchulzStep Best(double lower, double upper)
    {
        if (lower / upper >= Narrow)
            return new(15.0 / 8 / upper, -10.0 / 8 / Math.Pow(upper, 3), 3.0 / 8 / Math.Pow(upper, 5));
        // The best deviates from 1 by as much, to either side in turn, at both ends and at its two extremes between them.
        double left = (3 * lower + upper) / 4, right = (lower + 3 * upper) / 4;
        var step = default(NewtonSchulzStep);
        var deviation = double.PositiveInfinity;
        for (var exchange = 0; exchange < MaxExchanges; exchange++)
        {
            var before = deviation;
            (step, deviation) = Levelled(lower, left, right, upper);
            if (Math.Abs(before - deviation) <= 1e-15)
                break;
            var (a, b, c) = step;
            var root = Math.Sqrt(9 * b * b - 20 * a * c);
            (left, right) = (Math.Sqrt((-3 * b - root) / (10 * c)), Math.Sqrt((-3 * b + root) / (10 * c)));
        }
        return step;
    }

    /// <summary>The quintic that deviates from 1 by E, -E, E and -E at four points, and E.</summary>
    private static (NewtonSchulzStep Step, double Deviation) Levelled(params ReadOnlySpan<double> points)
    {
        const int Order = 4;
        Span<double> rows = stackalloc double[Order * (Order + 1)];
        for (var i = 0; i < Order; i++)
        {
            var x = points[i];
            ReadOnlySpan<double> row = [x, Math.Pow(x, 3), Math.Pow(x, 5), i % 2 == 0 ? 1 : -1, 1];
            row.CopyTo(rows[(i * (Order + 1))..]);
        }
        var solution = LinearSystem.Solve(rows, Order);
        return (new(solution[0], solution[1], solution[2]), solution[3]);
    }
}
