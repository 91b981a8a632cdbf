namespace GpuOptim.Tests.Support;

/// <summary>The eigenvalues of a symmetric matrix, by Jacobi's rotations.</summary>
internal static class Eigenvalues
{
    private const int Sweeps = 30;

    public static double[] Of(double[,] symmetric)
    {
        var a = (double[,])symmetric.Clone();
        var order = a.GetLength(0);
        for (var sweep = 0; sweep < Sweeps; sweep++)
        {
            for (var p = 0; p < order - 1; p++)
            {
                for (var q = p + 1; q < order; q++)
                {
                    if (Math.Abs(a[p, q]) < 1e-300)
                        continue;
                    var theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
                    var tangent = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1));
                    var cosine = 1 / Math.Sqrt(tangent * tangent + 1);
                    var sine = tangent * cosine;
                    for (var k = 0; k < order; k++)
                        (a[k, p], a[k, q]) = (cosine * a[k, p] - sine * a[k, q], sine * a[k, p] + cosine * a[k, q]);
                    for (var k = 0; k < order; k++)
                        (a[p, k], a[q, k]) = (cosine * a[p, k] - sine * a[q, k], sine * a[p, k] + cosine * a[q, k]);
                }
            }
        }
        return [.. Enumerable.Range(0, order).Select(i => a[i, i])];
    }
}
