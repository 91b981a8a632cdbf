using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd;
using GpuOptim.Kernels.Simd.Matrix;
using GpuOptim.Kernels.Simd.Matrix.Dot;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels.Simd.Matrix.Dot;

/// <summary>
/// Products with the bfloat16 dot instruction have the bits of those with multiply-adds, whatever the numbers: with the instruction itself where the
/// processor has it, and with what its manual says of it anywhere.
/// </summary>
[TestFixture(typeof(EmulatedDot))]
[TestFixture(typeof(HardwareDot))]
internal sealed unsafe class DotMatrixOpsTests<TLoop> where TLoop : IDotLoop
{
    /// <summary>Exponents: common ones, around the smallest that the instruction is trusted with, far below and subnormal, all there are.</summary>
    private static readonly (int Lowest, int Highest)[] _exponents = [(110, 130), (69, 73), (0, 64), (0, 0xFF)];

    [OneTimeSetUp]
    public void NeedTheInstruction() => DotTests.NeedTheInstruction<TLoop>();

    [Test]
    public void HasTheBitsOfMultiplyAdds([ValueSource(nameof(_exponents))] (int Lowest, int Highest) exponents)
    {
        using var device = new SimdDevice();
        var random = new Random(exponents.Lowest + exponents.Highest);
        var workers = new Workers(2);
        var dots = DotMatrixOps.Create<TLoop>(workers);
        var multiplyAdds = new SimdMatrixOps<MatrixTile16, Floats16, BFloat16Format>(workers);
        for (var shape = 0; shape < 12; shape++)
        {
            // Tall, wide, and longer than a stretch and an accumulation block.
            int order = random.Next(1, 80), depth = random.Next(order, 1200), rows = order, columns = depth;
            if (shape % 2 == 0)
                (rows, columns) = (columns, rows);
            using var x = Numbers(device, rows * columns, exponents, random);
            using var b = Numbers(device, order * order, exponents, random);
            using var actual = device.CreateBuffer<BFloat16>(rows * columns);
            using var expected = device.CreateBuffer<BFloat16>(rows * columns);
            MatrixBatch Batch(DeviceBuffer buffer, int rows, int columns) => new(buffer.Address, ElementType.BFloat16, 1, rows, columns);

            dots.MultiplyAdd(Batch(b, order, order), Batch(x, rows, columns), 0, Batch(actual, rows, columns));
            multiplyAdds.MultiplyAdd(Batch(b, order, order), Batch(x, rows, columns), 0, Batch(expected, rows, columns));
            Bits.AreEqual<BFloat16>(actual.ToArray(), expected.ToArray(), $"{rows} x {columns}, product: element");

            dots.SymmetricProduct(Batch(x, rows, columns), 1, Batch(actual, order, order));
            multiplyAdds.SymmetricProduct(Batch(x, rows, columns), 1, Batch(expected, order, order));
            Bits.AreEqual<BFloat16>(actual.ToArray(), expected.ToArray(), $"{rows} x {columns}, symmetric product: element");
        }
    }

    /// <summary>Some numbers are zero, and in some of the matrices one small number is among larger ones.</summary>
    private static DeviceBuffer<BFloat16> Numbers(SimdDevice device, int count, (int Lowest, int Highest) exponents, Random random)
    {
        var bits = new ushort[count];
        for (var i = 0; i < count; i++)
            bits[i] = (ushort)(random.Next(8) == 0 ? 0 : random.Next(2) << 15 | random.Next(exponents.Lowest, exponents.Highest + 1) << 7 | random.Next(1 << 7));
        if (random.Next(2) == 0)
            bits[random.Next(count)] = (ushort)random.Next(70 << 7);
        return device.CreateBuffer<BFloat16>([.. bits.Select(number => new BFloat16(number))]);
    }
}
