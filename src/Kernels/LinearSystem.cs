namespace GpuOptim.Kernels;

/// <summary>A few linear equations, by Gauss' elimination.</summary>
internal static class LinearSystem
{
    /// <summary>Solves them.</summary>
    /// <param name="rows">The equations, coefficients and right side of each; overwritten.</param>
    /// <param name="order">How many there are.</param>
    public static double[] Solve(Span<double> rows, int order)
    {
        var width = order + 1;
        for (var column = 0; column < order; column++)
        {
            var pivot = column;
            for (var row = column + 1; row < order; row++)
            {
                if (Math.Abs(rows[row * width + column]) > Math.Abs(rows[pivot * width + column]))
                    pivot = row;
            }
            for (var i = 0; i < width; i++)
                (rows[column * width + i], rows[pivot * width + i]) = (rows[pivot * width + i], rows[column * width + i]);
            for (var row = 0; row < order; row++)
            {
                if (row == column)
                    continue;
                var factor = rows[row * width + column] / rows[column * width + column];
                for (var i = column; i < width; i++)
                    rows[row * width + i] -= factor * rows[column * width + i];
            }
        }
        var solution = new double[order];
        for (var i = 0; i < order; i++)
            solution[i] = rows[i * width + order] / rows[i * width + i];
        return solution;
    }
}
