using System.Globalization;
using GpuOptim.Kernels;

namespace GpuOptim.Host;

/// <summary>The cheapest way to orthogonalize matrices of a shape as well as is asked for, and what it costs.</summary>
/// <remarks>
/// Tried are all of <see cref="NewtonSchulzCoefficients.All"/>, the polynomials of <see cref="NewtonSchulzCoefficients.PolarExpressFor"/>, every number
/// of steps, and both methods. What a singular value becomes is computed in double, and what rounding may add is added.
/// </remarks>
public sealed record NewtonSchulzPlan
{
    private const int MaxSteps = 30;
    private const int Values = 300;

    private NewtonSchulzPlan(int rows, int columns, double tolerance, double smallest, NewtonSchulzOptions options, double deviation, Device? device)
    {
        (Rows, Columns, Tolerance, Smallest, Options, Deviation) = (rows, columns, tolerance, smallest, options, deviation);
        var steps = options.Plan;
        MultiplyAdds = NewtonSchulzCost.MultiplyAdds(options.Method, steps, rows, columns);
        Launches = NewtonSchulzCost.Launches(options.Method, steps, device?.OrthogonalizesAtOnce(options.Method, options.WorkTypeOf(options.Method), rows, columns) ?? false);
    }

    /// <summary>Rows of a matrix.</summary>
    public int Rows { get; }

    /// <summary>Columns of a matrix.</summary>
    public int Columns { get; }

    /// <summary>How far from 1 singular values may end.</summary>
    public double Tolerance { get; }

    /// <summary>The smallest singular value, as a part of the matrix's Frobenius norm, of which that is asked.</summary>
    public double Smallest { get; }

    /// <summary>What was found: method, coefficients, steps and precision, for a <c>MuonOptions.NewtonSchulz</c> or <see cref="Device.Orthogonalize"/>.</summary>
    public NewtonSchulzOptions Options { get; }

    /// <summary>How far from 1 singular values end at most, rounding included.</summary>
    public double Deviation { get; }

    /// <summary>Multiply-adds for each matrix, one triangle of each symmetric product counted.</summary>
    public double MultiplyAdds { get; }

    /// <summary>Launches on a GPU, for any number of matrices; on any GPU if no device was named.</summary>
    public int Launches { get; }

    /// <summary>Finds the cheapest way.</summary>
    /// <param name="rows">Rows of a matrix; at least 1.</param>
    /// <param name="columns">Columns of a matrix; at least 1.</param>
    /// <param name="tolerance">How far from 1 singular values may end; in [0.001, 1).</param>
    /// <param name="smallest">
    /// The smallest singular value, as a part of the matrix's Frobenius norm, of which that is asked; in [1e-6, 1). Of a matrix of n singular values
    /// whose largest is c times its smallest, the smallest is at least 1 / (c √n).
    /// </param>
    /// <param name="device">Where: says how fast products of either precision are, and which matrices take one launch. On any if null, where they are as fast.</param>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public static NewtonSchulzPlan For(int rows, int columns, double tolerance, double smallest = 1e-3, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (!(tolerance >= 1e-3 && tolerance < 1))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, "tolerance must be in [0.001, 1).");
        if (!(smallest >= 1e-6 && smallest < 1))
            throw new ArgumentOutOfRangeException(nameof(smallest), smallest, "smallest must be in [1e-6, 1).");
        return For(rows, columns, tolerance, smallest, device, device is null ? _ => 1 : device.SpeedOf);
    }

    /// <summary>The same for a device of which it is known how many multiply-adds of matrices of a type take the time of one of float32 matrices.</summary>
    internal static NewtonSchulzPlan For(int rows, int columns, double tolerance, double smallest, Device? device, Func<ElementType, double> speedOf)
    {
        // One launch is all that small matrices cost: their products take less time than launches do.
        var plans =
            from family in Families(smallest)
            from plan in Cheapest(family, rows, columns, tolerance, smallest, device)
            orderby plan.Launches > 1, plan.MultiplyAdds / speedOf(plan.Options.WorkTypeOf(plan.Options.Method)), plan.Launches, plan.Deviation
            select plan;
        return plans.First();
    }

    /// <summary>What was chosen and what it costs.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Rows} x {Columns}: {Options.Method}, {Options.Steps} steps of {Options.Coefficients}, {Options.WorkTypeOf(Options.Method)}; singular values from {Smallest:G3} of the norm end within {Deviation:G2} of 1 (asked: {Tolerance:G3}); {MultiplyAdds:G4} multiply-adds a matrix, {Launches} launches");

    /// <summary>Ways to take a number of steps.</summary>
    private static IEnumerable<Func<int, NewtonSchulzCoefficients>> Families(double smallest) =>
    [
        .. NewtonSchulzCoefficients.All.Select<NewtonSchulzCoefficients, Func<int, NewtonSchulzCoefficients>>(set => _ => set),
        steps => NewtonSchulzCoefficients.PolarExpressFor(steps, smallest),
    ];

    /// <summary>The plans of the fewest steps that do, one for each method and precision.</summary>
    private static IEnumerable<NewtonSchulzPlan> Cheapest(Func<int, NewtonSchulzCoefficients> family, int rows, int columns, double tolerance, double smallest, Device? device)
    {
        (NewtonSchulzMethod Method, NewtonSchulzPrecision Precision)[] ways =
        [
            (NewtonSchulzMethod.Standard, NewtonSchulzPrecision.BFloat16),
            (NewtonSchulzMethod.Standard, NewtonSchulzPrecision.Float16),
            (NewtonSchulzMethod.Standard, NewtonSchulzPrecision.Float32),
            (NewtonSchulzMethod.Gram, NewtonSchulzPrecision.Float16),
            (NewtonSchulzMethod.Gram, NewtonSchulzPrecision.Float32),
        ];
        var found = new HashSet<(NewtonSchulzMethod, NewtonSchulzPrecision)>();
        for (var steps = 1; steps <= MaxSteps && found.Count < ways.Length; steps++)
        {
            var standard = new NewtonSchulzOptions { Coefficients = family(steps), Steps = steps };
            var polynomials = standard.Plan;
            foreach (var (method, precision) in ways.Where(way => !found.Contains(way)))
            {
                var type = (standard with { Precision = precision }).WorkTypeOf(method);
                // Rounding X takes small values nearer to 0: by what the norm is of a matrix of random numbers of its size.
                var unit = UnitOf(type);
                var least = smallest - unit / 2 * (Math.Sqrt(rows) + Math.Sqrt(columns)) / Math.Sqrt((double)rows * columns);
                var deviation = least > 0 ? Math.Max(Away(polynomials, least, 0) + Rounding(type), Away(polynomials, least, unit)) : double.PositiveInfinity;
                if (deviation > tolerance)
                    continue;
                var options = standard with { Method = method, Precision = precision };
                // In matrices of few rows what is rounded up is not made up for by what is rounded down.
                if (method == NewtonSchulzMethod.Gram && options.Plan is var plan)
                    deviation += 2 * GramRestarts.Error(plan.Steps, plan.Restarts, type);
                // NaN is beyond it, too.
                if (!(deviation <= tolerance))
                    continue;
                found.Add((method, precision));
                yield return new(rows, columns, tolerance, smallest, options, deviation, device);
            }
        }
    }

    /// <summary>What rounding matrices between products adds to singular values, measured on random matrices: below this.</summary>
    private static double Rounding(ElementType type) => type switch
    {
        ElementType.BFloat16 => 0.06,
        ElementType.Float16 => 0.0075,
        _ => 1e-4,
    };

    /// <summary>By how much a number is off that was rounded, as a part of it.</summary>
    private static double UnitOf(ElementType type) => type switch
    {
        ElementType.BFloat16 => 1.0 / (1 << 8),
        ElementType.Float16 => 1.0 / (1 << 11),
        _ => 1.0 / (1 << 24),
    };

    /// <summary>How far from 1 the polynomials take singular values at most, if before each step they are larger or smaller by a part of them.</summary>
    /// <remarks>Some polynomials are so steep at 1 that what is a little larger escapes.</remarks>
    private static double Away(NewtonSchulzSteps plan, double smallest, double part)
    {
        var away = 0.0;
        for (var i = 0; i <= Values; i++)
        {
            foreach (var factor in (ReadOnlySpan<double>)[1 + part, 1 - part])
            {
                var value = Math.Pow(smallest, (double)i / Values) / plan.NormScale;
                foreach (var step in plan.Steps)
                    value = step.Apply(value * factor);
                // NaN is away, too.
                if (!(Math.Abs(value - 1) <= away))
                    away = Math.Abs(value - 1);
            }
        }
        return away;
    }
}
