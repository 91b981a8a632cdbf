namespace GpuOptim.Kernels;

/// <summary>
/// Orthogonalizes matrices: takes U Σ Vᵀ to U f(Σ) Vᵀ, where f, a polynomial applied again and again, moves all singular values in (0, 1]
/// towards 1. Matrix products are all it needs.
/// </summary>
/// <remarks>
/// A step with coefficients (a, b, c) is X = a X + (b A + c A A) X with A = X Xᵀ: the odd polynomial a σ + b σ³ + c σ⁵ of each singular
/// value σ. Source: K. Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/; PyTorch 2.13, <c>torch/optim/_muon.py</c>.
/// </remarks>
internal static class NewtonSchulz
{
    /// <summary>Orthogonalizes the matrices in <paramref name="x"/>.</summary>
    /// <param name="ops">The device's operations.</param>
    /// <param name="x">The matrices; overwritten.</param>
    /// <param name="other">Memory for as many.</param>
    /// <param name="product">Memory for as many square matrices of order <see cref="MatrixBatch.Order"/>.</param>
    /// <param name="polynomial">The same again.</param>
    /// <param name="plan">The steps.</param>
    /// <returns>Where the result is: <paramref name="x"/> or <paramref name="other"/>.</returns>
    public static MatrixBatch Orthogonalize(IMatrixOps ops, MatrixBatch x, MatrixBatch other, MatrixBatch product, MatrixBatch polynomial, NewtonSchulzPlan plan)
    {
        ops.Normalize(x, plan.NormScale, plan.Epsilon);
        foreach (var (a, b, c) in plan.Steps)
        {
            if (c == 0)
            {
                ops.SymmetricProduct(x, (float)b, polynomial);
            }
            else
            {
                ops.SymmetricProduct(x, 1, product);
                ops.SymmetricPolynomial(product, (float)b, (float)c, polynomial);
            }
            ops.MultiplyAdd(polynomial, x, (float)a, other);
            (x, other) = (other, x);
        }
        return x;
    }

    /// <summary>Where <see cref="Orthogonalize"/> leaves the result.</summary>
    /// <param name="x">The matrices.</param>
    /// <param name="other">Memory for as many.</param>
    /// <param name="plan">The steps.</param>
    public static MatrixBatch ResultOf(MatrixBatch x, MatrixBatch other, NewtonSchulzPlan plan) => plan.Steps.Length % 2 == 0 ? x : other;
}
