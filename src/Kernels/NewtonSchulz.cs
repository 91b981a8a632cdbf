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
    /// <summary>Orthogonalizes matrices.</summary>
    /// <param name="ops">The device's operations.</param>
    /// <param name="raw">The matrices, which may lie where they are worked on if their type is the same.</param>
    /// <param name="memory">Where to work; made for <paramref name="method"/>.</param>
    /// <param name="method">What is iterated on; not Automatic.</param>
    /// <param name="plan">The steps.</param>
    /// <param name="deviations">Where the largest deviation of each result's square from the identity goes, as floats; 0 for nowhere.</param>
    /// <returns>Where the result is: the first of the memory or the other.</returns>
    public static MatrixBatch Orthogonalize(
        IMatrixOps ops, MatrixBatch raw, NewtonSchulzMemory memory, NewtonSchulzMethod method, NewtonSchulzSteps plan, nint deviations = 0)
    {
        ops.Normalize(raw, memory.X, plan.NormScale, plan.Epsilon);
        var result = method == NewtonSchulzMethod.Gram ? Gram(ops, memory, plan) : Standard(ops, memory, plan);
        if (deviations != 0)
        {
            ops.SymmetricProduct(result, 1, memory[0]);
            ops.Deviation(memory[0], deviations);
        }
        return result;
    }

    /// <summary>Where <see cref="Orthogonalize"/> leaves the result on a device that never does all steps at once.</summary>
    public static MatrixBatch ResultOf(NewtonSchulzMemory memory, NewtonSchulzMethod method, NewtonSchulzSteps plan)
    {
        var products = method == NewtonSchulzMethod.Gram ? 1 + plan.Restarts.Length : plan.Steps.Length;
        return products % 2 == 0 ? memory.X : memory.Other;
    }

    private static MatrixBatch Standard(IMatrixOps ops, NewtonSchulzMemory memory, NewtonSchulzSteps plan)
    {
        var (x, other, product, polynomial) = (memory.X, memory.Other, memory[0], memory[1]);
        if (ops.TryIterate(x, plan.Steps))
            return x;
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

    /// <remarks>
    /// With Z = b R + c R², a step takes R = X Xᵀ to (a I + Z) R (a I + Z), and Q, the product of all a I + Z so far, to (a I + Z) Q; the result is Q X.
    /// All of these are polynomials of one symmetric matrix: they commute, and every product of theirs is symmetric.
    /// What rounding adds to R's smallest eigenvalues grows by a² a step, as they do; a restart takes R anew from X, whose own have grown.
    /// </remarks>
    private static MatrixBatch Gram(IMatrixOps ops, NewtonSchulzMemory memory, NewtonSchulzSteps plan)
    {
        var (x, other) = (memory.X, memory.Other);
        var (r, z, q, free) = (memory[0], memory[1], memory[2], memory[3]);
        for (var step = 0; step < plan.Steps.Length; step++)
        {
            var (a, b, c) = plan.Steps[step];
            var starts = plan.StartsAt(step);
            if (starts)
            {
                if (step > 0)
                {
                    ops.MultiplyAdd(q, x, 0, other);
                    (x, other) = (other, x);
                }
                ops.SymmetricProduct(x, 1, r);
            }
            // Of a cubic, Z is b R.
            var (polynomial, factor) = c == 0 ? (r, (float)b) : (z, 1);
            if (c != 0)
                ops.SymmetricPolynomial(r, (float)b, (float)c, z);
            if (starts)
            {
                ops.AddIdentity(polynomial, factor, (float)a, q);
            }
            else
            {
                ops.SymmetricMultiplyAdd(polynomial, factor, q, (float)a, free);
                (q, free) = (free, q);
            }
            if (step + 1 < plan.Steps.Length && !plan.StartsAt(step + 1))
            {
                var next = c == 0 ? z : r;
                ops.SymmetricMultiplyAdd(polynomial, factor, r, (float)a, free);
                ops.SymmetricMultiplyAdd(polynomial, factor, free, (float)a, next);
                (r, z) = c == 0 ? (z, r) : (r, z);
            }
        }
        ops.MultiplyAdd(q, x, 0, other);
        return other;
    }
}
