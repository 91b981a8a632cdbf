namespace GpuOptim.Kernels;

/// <summary>What orthogonalizing a matrix costs.</summary>
internal static class NewtonSchulzCost
{
    /// <summary>Multiply-adds: a triangle with its diagonal of each symmetric product, all of the others.</summary>
    public static double MultiplyAdds(NewtonSchulzMethod method, NewtonSchulzSteps plan, int rows, int columns)
    {
        double order = Math.Min(rows, columns), depth = Math.Max(rows, columns);
        double triangle = order * (order + 1) / 2, dense = order * order * depth;
        var (squares, symmetric, applied) = Products(method, plan);
        return squares * triangle * depth + symmetric * triangle * order + applied * dense;
    }

    /// <summary>Launches on a GPU.</summary>
    /// <param name="method">The method.</param>
    /// <param name="plan">The steps.</param>
    /// <param name="isAtOnce">Whether tensor cores take small matrices through all steps at once.</param>
    public static int Launches(NewtonSchulzMethod method, NewtonSchulzSteps plan, bool isAtOnce = false)
    {
        if (isAtOnce)
            return 1;
        var (squares, symmetric, applied) = Products(method, plan);
        // The first is the normalization; to each of Gram's squares an identity is added.
        return 1 + squares + symmetric + applied + (method == NewtonSchulzMethod.Gram ? squares : 0);
    }

    /// <summary>The method that takes less time.</summary>
    /// <param name="options">The steps and the precision.</param>
    /// <param name="rows">Rows of each matrix.</param>
    /// <param name="columns">Columns of each.</param>
    /// <param name="speedOf">How many multiply-adds of matrices of a type take the time of one of float32 matrices.</param>
    public static NewtonSchulzMethod Faster(NewtonSchulzOptions options, int rows, int columns, Func<ElementType, double> speedOf)
    {
        var plan = options.Plan;
        double Time(NewtonSchulzMethod method) => MultiplyAdds(method, plan, rows, columns) / speedOf(options.WorkTypeOf(method));
        return Time(NewtonSchulzMethod.Gram) < Time(NewtonSchulzMethod.Standard) ? NewtonSchulzMethod.Gram : NewtonSchulzMethod.Standard;
    }

    /// <summary>How many products there are: X Xᵀ, symmetric ones of square matrices, and a square matrix times X.</summary>
    private static (int Squares, int Symmetric, int Applied) Products(NewtonSchulzMethod method, NewtonSchulzSteps plan)
    {
        var count = plan.Steps.Length;
        var quintic = plan.Steps.Count(step => step.C != 0);
        if (method != NewtonSchulzMethod.Gram)
            return (count, quintic, count);
        var starts = Enumerable.Range(0, count).Count(plan.StartsAt);
        // A step within a run multiplies into Q, and one that another of its run follows moves R on by two products.
        return (starts, quintic + 3 * (count - starts), starts);
    }
}
