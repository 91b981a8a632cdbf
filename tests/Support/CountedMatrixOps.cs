using GpuOptim.Kernels;

namespace GpuOptim.Tests.Support;

/// <summary>Computes nothing, and counts what it is asked for.</summary>
internal sealed class CountedMatrixOps : IMatrixOps
{
    public double MultiplyAdds { get; private set; }

    public int Launches { get; private set; }

    public void Normalize(MatrixBatch raw, MatrixBatch x, double scale, double epsilon) => Launches++;

    public void SymmetricProduct(MatrixBatch x, float scale, MatrixBatch result) => Count(x.Order, Math.Max(x.Rows, x.Columns));

    public void SymmetricPolynomial(MatrixBatch a, float b, float c, MatrixBatch result) => Count(a.Order, a.Order);

    public void SymmetricMultiplyAdd(MatrixBatch b, float factor, MatrixBatch x, float scale, MatrixBatch result)
    {
        Assert.That(result.Address, Is.Not.EqualTo(b.Address).And.Not.EqualTo(x.Address), "operands are read while the result is written");
        Count(b.Order, b.Order);
    }

    public void AddIdentity(MatrixBatch a, float factor, float scale, MatrixBatch result) => Launches++;

    public void Deviation(MatrixBatch a, nint result) => Launches++;

    public void MultiplyAdd(MatrixBatch b, MatrixBatch x, float a, MatrixBatch result)
    {
        Launches++;
        MultiplyAdds += (double)x.Rows * x.Columns * b.Order;
    }

    private void Count(double order, double depth)
    {
        Launches++;
        MultiplyAdds += order * (order + 1) / 2 * depth;
    }
}
