namespace GpuOptim.Kernels;

/// <summary>What Newton-Schulz iterates on.</summary>
public enum NewtonSchulzMethod
{
    /// <summary>The matrix X itself, as PyTorch does: each step multiplies a square matrix with all of X.</summary>
    Standard,

    /// <summary>
    /// The square X Xᵀ of the short side: X is multiplied once at the end, and once more at each restart, which the coefficients may ask for.
    /// Fewer operations the longer the matrix is; at the same polynomials. All is computed in float32,
    /// or in float16 if <see cref="NewtonSchulzOptions.Precision"/> says so: bfloat16 has too few digits for X Xᵀ.
    /// Source: J. Zhang, N. Amsel, B. Chen, T. Dao, 2026, https://dao-ailab.github.io/blog/2026/gram-newton-schulz/.
    /// </summary>
    Gram,

    /// <summary>Of the two the one that is faster for a matrix's shape on the device; bits may differ from device to device.</summary>
    Automatic,
}
