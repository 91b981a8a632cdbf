using GpuOptim.Kernels.Simd.Matrix;

namespace GpuOptim.Tests.Kernels.Simd.Matrix;

public sealed unsafe class TranspositionTests
{
    [Test]
    public void TransposesASquare()
    {
        const int Order = Transposition.Order;
        ushort[] source = [.. Enumerable.Range(0, Order * 11).Select(i => (ushort)i)], result = new ushort[Order * 13];
        fixed (ushort* from = source, to = result)
            Transposition.Transpose(from, 11, to, 13);
        for (var i = 0; i < Order; i++)
        {
            for (var j = 0; j < Order; j++)
                Assert.That(result[j * 13 + i], Is.EqualTo(source[i * 11 + j]));
        }
        Assert.That(result.Count(value => value == 0), Is.EqualTo(result.Length - Order * Order + 1));
    }

    [Test]
    public void TransposesASquareOfPairs()
    {
        const int Order = Transposition.PairOrder;
        ushort[] source = [.. Enumerable.Range(0, Order * 11).Select(i => (ushort)i)];
        var result = new uint[Order * 7];
        fixed (ushort* from = source)
        fixed (uint* to = result)
            Transposition.TransposePairs(from, 11, to, 7);
        for (var i = 0; i < Order; i++)
        {
            for (var j = 0; j < Order; j++)
                Assert.That(result[j * 7 + i], Is.EqualTo(source[i * 11 + 2 * j] | (uint)source[i * 11 + 2 * j + 1] << 16));
        }
        Assert.That(result.Count(value => value == 0), Is.EqualTo(result.Length - Order * Order));
    }
}
