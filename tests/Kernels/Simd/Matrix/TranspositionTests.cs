using System.Numerics;
using GpuOptim.Kernels.Simd.Matrix;

namespace GpuOptim.Tests.Kernels.Simd.Matrix;

public sealed unsafe class TranspositionTests
{
    [Test]
    public void TransposesASquare()
    {
        Transposes<ushort>();
        Transposes<uint>();
    }

    /// <summary>What is below the diagonal comes above it, and all else stays.</summary>
    [Test]
    public void MirrorsASquare()
    {
        Mirrors<ushort>();
        Mirrors<uint>();
    }

    [Test]
    public void TransposesASquareOfPairs()
    {
        var order = Transposition.OrderOf<uint>();
        ushort[] source = [.. Enumerable.Range(0, order * 11).Select(i => (ushort)i)];
        var result = new uint[order * 7];
        fixed (ushort* from = source)
        fixed (uint* to = result)
            Transposition.TransposePairs(from, 11, to, 7);
        for (var i = 0; i < order; i++)
        {
            for (var j = 0; j < order; j++)
                Assert.That(result[j * 7 + i], Is.EqualTo(source[i * 11 + 2 * j] | (uint)source[i * 11 + 2 * j + 1] << 16));
        }
        Assert.That(result.Count(value => value == 0), Is.EqualTo(result.Length - order * order));
    }

    private static void Transposes<T>() where T : unmanaged, INumber<T>
    {
        var order = Transposition.OrderOf<T>();
        T[] source = [.. Enumerable.Range(0, order * 11).Select(T.CreateChecked)], result = new T[order * 13];
        fixed (T* from = source, to = result)
            Transposition.Transpose(from, 11, to, 13);
        for (var i = 0; i < order; i++)
        {
            for (var j = 0; j < order; j++)
                Assert.That(result[j * 13 + i], Is.EqualTo(source[i * 11 + j]));
        }
        Assert.That(result.Count(value => value == T.Zero), Is.EqualTo(result.Length - order * order + 1));
    }

    private static void Mirrors<T>() where T : unmanaged, INumber<T>
    {
        var order = Transposition.OrderOf<T>();
        T[] source = [.. Enumerable.Range(1, order * 11).Select(T.CreateChecked)], result = [.. source];
        fixed (T* square = result)
            Transposition.Mirror(square, 11);
        for (var i = 0; i < order; i++)
        {
            for (var j = 0; j < 11; j++)
                Assert.That(result[i * 11 + j], Is.EqualTo(j > i && j < order ? source[j * 11 + i] : source[i * 11 + j]), $"{i}, {j}");
        }
    }
}
