using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix.Dot;

/// <summary>
/// The matrix operations of Newton-Schulz on bfloat16 with the processor's dot instruction, to the bits of multiply-adds: those do it where a sum
/// could be subnormal, which the instruction takes for zero.
/// </summary>
/// <param name="workers">The threads that share each operation.</param>
/// <param name="dots">The operations on <see cref="DotTile{TLoop}"/>.</param>
/// <param name="multiplyAdds">The operations on multiply-adds.</param>
internal sealed class DotMatrixOps(Workers workers, IMatrixOps dots, IMatrixOps multiplyAdds) : IMatrixOps
{
    /// <summary>
    /// The least sum of the exponents of both matrices' smallest numbers, each with a float's bias of 127, for which nothing is subnormal: products are
    /// then 2^-112 at least, and multiples of 2^-126, for each number has seven bits behind its first. So are sums of them, rounded or not.
    /// </summary>
    public const int LeastExponents = -112 + 2 * 127;

    public static DotMatrixOps Create<TLoop>(Workers workers) where TLoop : IDotLoop => new(
        workers,
        new SimdMatrixOps<DotTile<TLoop>, Floats16, BFloat16Format>(workers),
        new SimdMatrixOps<MatrixTile16, Floats16, BFloat16Format>(workers));

    public void Normalize(MatrixBatch raw, MatrixBatch x, double scale, double epsilon) => multiplyAdds.Normalize(raw, x, scale, epsilon);

    public void SymmetricProduct(MatrixBatch x, float scale, MatrixBatch result)
    {
        for (var i = 0; i < x.Count; i++)
            For(x[i], x[i]).SymmetricProduct(x[i], scale, result[i]);
    }

    public void SymmetricPolynomial(MatrixBatch a, float b, float c, MatrixBatch result)
    {
        for (var i = 0; i < a.Count; i++)
            For(a[i], a[i]).SymmetricPolynomial(a[i], b, c, result[i]);
    }

    public void SymmetricMultiplyAdd(MatrixBatch b, float factor, MatrixBatch x, float scale, MatrixBatch result)
    {
        for (var i = 0; i < x.Count; i++)
            For(b[i], x[i]).SymmetricMultiplyAdd(b[i], factor, x[i], scale, result[i]);
    }

    public void AddIdentity(MatrixBatch a, float factor, float scale, MatrixBatch result) => multiplyAdds.AddIdentity(a, factor, scale, result);

    public void Deviation(MatrixBatch a, nint result) => multiplyAdds.Deviation(a, result);

    public void MultiplyAdd(MatrixBatch b, MatrixBatch x, float a, MatrixBatch result)
    {
        for (var i = 0; i < x.Count; i++)
            For(b[i], x[i]).MultiplyAdd(b[i], x[i], a, result[i]);
    }

    /// <summary>Who multiplies two matrices.</summary>
    private IMatrixOps For(MatrixBatch left, MatrixBatch right)
    {
        var exponent = LeastExponentJob.Run(workers, left);
        var sum = exponent + (right.Address == left.Address ? exponent : LeastExponentJob.Run(workers, right));
        return sum >= LeastExponents ? dots : multiplyAdds;
    }
}
