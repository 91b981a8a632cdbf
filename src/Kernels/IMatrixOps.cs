namespace GpuOptim.Kernels;

/// <summary>
/// What <see cref="NewtonSchulz"/> asks of a device, for all matrices of a batch at once. X stands for each matrix, or for its transpose if
/// it is tall. Results are rounded once to their element type; products sum in float, in the order that DESIGN's Numbers gives.
/// </summary>
internal interface IMatrixOps
{
    /// <summary>x = round(X / max(round(scale * |X|), round(epsilon))), in place or not; the Frobenius norm is summed in double, and the divisor of X's type, as raw matrices are.</summary>
    void Normalize(MatrixBatch raw, MatrixBatch x, double scale, double epsilon);

    /// <summary>result = round(scale * round(X Xᵀ)); symmetric.</summary>
    void SymmetricProduct(MatrixBatch x, float scale, MatrixBatch result);

    /// <summary>result = round(b * A + round(c * (A A))), the addition fused, for symmetric A; symmetric.</summary>
    void SymmetricPolynomial(MatrixBatch a, float b, float c, MatrixBatch result);

    /// <summary>result = round(scale * X + factor * (B X)), the addition fused, for symmetric X and B that commute; symmetric.</summary>
    void SymmetricMultiplyAdd(MatrixBatch b, float factor, MatrixBatch x, float scale, MatrixBatch result);

    /// <summary>result = round(factor * A + scale * I), the addition fused, for square A.</summary>
    void AddIdentity(MatrixBatch a, float factor, float scale, MatrixBatch result);

    /// <summary>result, a float for each matrix, = the largest size of an element of A - I; NaN if there is one.</summary>
    void Deviation(MatrixBatch a, nint result);

    /// <summary>result = round(a * X + B X), the addition fused, for symmetric B; nothing is added if a is 0.</summary>
    void MultiplyAdd(MatrixBatch b, MatrixBatch x, float a, MatrixBatch result);

    /// <summary>
    /// Takes matrices through all steps of <see cref="NewtonSchulzMethod.Standard"/> in place, to the same bits but for which NaN, if the device does that faster for
    /// their shape than one operation after the other; else it leaves them.
    /// </summary>
    /// <returns>Whether it did.</returns>
    bool TryIterate(MatrixBatch x, ReadOnlySpan<NewtonSchulzStep> steps) => false;
}
