using GpuOptim.Kernels.Ilgpu;
using ILGPU;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>What the tensor cores can do with <c>mma.sync</c>: independent multiply-adds of bfloat16 in registers, and nothing else.</summary>
internal static class TensorPeakKernel
{
    public const int GroupSize = 256;

    private const int Steps = 2048;
    private const int Sums = 8;

    /// <summary>Operations of a group, counting a multiply-add as two.</summary>
    public static double FlopsPerGroup => 2.0 * 16 * 8 * 16 * Sums * Steps * (GroupSize / 32);

    public static void Run(ArrayView<float> result)
    {
        // Any bits that are small numbers do: 1.5 and its neighbors. Zeros would draw less power.
        var bits = 0x3FC0_3FC0u + (uint)Group.IdxX;
        UInt4 left = new(bits, bits + 1, bits + 2, bits + 3);
        UInt2 right = new(bits + 4, bits + 5);
        // Each begins with another number: the assembler computes the same thing once.
        Float4 a = new(1, 0, 0, 0), b = new(2, 0, 0, 0), c = new(3, 0, 0, 0), d = new(4, 0, 0, 0);
        Float4 e = new(5, 0, 0, 0), f = new(6, 0, 0, 0), g = new(7, 0, 0, 0), h = new(8, 0, 0, 0);
        for (var step = 0; step < Steps; step++)
        {
            a = TensorCore.MultiplyAddBFloat16(left, right, a);
            b = TensorCore.MultiplyAddBFloat16(left, right, b);
            c = TensorCore.MultiplyAddBFloat16(left, right, c);
            d = TensorCore.MultiplyAddBFloat16(left, right, d);
            e = TensorCore.MultiplyAddBFloat16(left, right, e);
            f = TensorCore.MultiplyAddBFloat16(left, right, f);
            g = TensorCore.MultiplyAddBFloat16(left, right, g);
            h = TensorCore.MultiplyAddBFloat16(left, right, h);
        }
        // Sums that nobody reads would not be computed.
        result[Grid.GlobalIndex.X] = a.X + b.X + c.X + d.X + e.X + f.X + g.X + h.X;
    }
}
