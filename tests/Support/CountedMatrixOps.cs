using GpuOptim.Kernels;

namespace GpuOptim.Tests.Support;

/// <summary>Computes nothing, and counts what it is asked for.</summary>
internal sealed class CountedMatrixOps : IMatrixOps
{
    public double MultiplyAdds { get; private set; }

    public int Launches { get; private set; }

    /// <summary>Numbers of matrices that are read or written, each once an operation.</summary>
    public double Numbers { get; private set; }

    public void Normalize(MatrixBatch raw, MatrixBatch x, double scale, double epsilon) => Touch(raw, x);

    public void SymmetricProduct(MatrixBatch x, float scale, MatrixBatch result)
    {
        Touch(x, result);
        Count(x.Order, Math.Max(x.Rows, x.Columns));
    }

    public void SymmetricPolynomial(MatrixBatch a, float b, float c, MatrixBatch result)
    {
        Touch(a, result);
        Count(a.Order, a.Order);
    }

    public void SymmetricMultiplyAdd(MatrixBatch b, float factor, MatrixBatch x, float scale, MatrixBatch result)
    {
        Assert.That(result.Address, Is.Not.EqualTo(b.Address).And.Not.EqualTo(x.Address), "operands are read while the result is written");
        Touch(b, x, result);
        Count(b.Order, b.Order);
    }

    public void AddIdentity(MatrixBatch a, float factor, float scale, MatrixBatch result) => Touch(a, result);

    public void Deviation(MatrixBatch a, nint result) => Touch(a);

    public void MultiplyAdd(MatrixBatch b, MatrixBatch x, float a, MatrixBatch result)
    {
        Touch(b, x, result);
        MultiplyAdds += (double)x.Rows * x.Columns * b.Order;
    }

    private void Count(double order, double depth) => MultiplyAdds += order * (order + 1) / 2 * depth;

    private void Touch(params ReadOnlySpan<MatrixBatch> matrices)
    {
        Launches++;
        foreach (var matrix in matrices)
            Numbers += matrix.Length;
    }
}
