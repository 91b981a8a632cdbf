using GpuOptim.Host.Ilgpu;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Tests.Support;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Instructions = GpuOptim.Kernels.Ilgpu.Ptx;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>Quotients and roots of four numbers at once are those of one: from corrected estimates here, from a card's own estimates there.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class CorrectRoundingTests
{
    private const int GroupSize = 256, Roots = 1 << 24, Quotients = 1 << 28;

    private static readonly float[] _special =
        [0, -0f, 1, -1, 3, float.Epsilon, -float.Epsilon, 1.17549435e-38f, 7.8886e-31f, 7.8887e-31f, 1.2676e30f, 1.2677e30f, float.MaxValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN];

    /// <summary>Any bits at all, beside numbers between 2^-100 and 2^100, so that both ways are taken.</summary>
    [Test]
    public void FourAreWorkedOnAsOne()
    {
        // Its reciprocal is subnormal: corrected, it was one unit off.
        float dividend = BitConverter.UInt32BitsToSingle(0x5B97_55A1), divisor = BitConverter.UInt32BitsToSingle(0x7F67_1702), right = dividend / divisor;
        AssertSame(GpuFloats4.Divide(GpuFloats4.Create(dividend), GpuFloats4.Create(divisor)), right, right, right, right);

        var random = new Random(1);
        float Any() => random.Next(9) switch
        {
            0 => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)),
            1 => _special[random.Next(_special.Length)],
            // Reciprocals of the largest are subnormal, and have lost places.
            2 => MathF.ScaleB(random.NextSingle() + 1, random.Next(2) == 0 ? 126 + random.Next(2) : random.Next(-127, 128)),
            _ => MathF.ScaleB(random.NextSingle() + 0.5f, random.Next(-60, 60)) * (random.Next(2) * 2 - 1),
        };
        for (var i = 0; i < 1 << 18; i++)
        {
            Float4 a = new(Any(), Any(), Any(), Any()), b = new(Any(), Any(), Any(), Any());
            AssertSame(GpuFloats4.Divide(new(a), new(b)), a.X / b.X, a.Y / b.Y, a.Z / b.Z, a.W / b.W);
            // Four alike: no other number sends them the longer way.
            AssertSame(GpuFloats4.Divide(new(new(a.X, a.X, a.X, a.X)), new(new(b.X, b.X, b.X, b.X))), a.X / b.X, a.X / b.X, a.X / b.X, a.X / b.X);
            AssertSame(GpuFloats4.Sqrt(new(a)), MathF.Sqrt(a.X), MathF.Sqrt(a.Y), MathF.Sqrt(a.Z), MathF.Sqrt(a.W));
            if (i % 4 == 0)
            {
                (a.X, a.Y, a.Z, a.W) = (MathF.Abs(a.X), MathF.Abs(a.Y), MathF.Abs(a.Z), MathF.Abs(a.W));
                AssertSame(GpuFloats4.Sqrt(new(a)), MathF.Sqrt(a.X), MathF.Sqrt(a.Y), MathF.Sqrt(a.Z), MathF.Sqrt(a.W));
            }
        }
    }

    /// <summary>
    /// A card's estimates differ from ours in their last places. All roots there are (the exponent but for its last bit only scales), and many
    /// quotients, against the card's own <c>sqrt.rn</c> and <c>div.rn</c>.
    /// </summary>
    [Test, Category("Card")]
    public void ACardsEstimatesComeOutRight()
    {
        if (IlgpuDevice.CudaDescription is null)
            Assert.Ignore("There is no CUDA device.");
        using var context = Context.Create(builder => builder.Cuda());
        using var accelerator = context.CreateCudaAccelerator(0);
        using var wrong = accelerator.Allocate1D<int>([0, 0]);
        var kernels = IlgpuKernels.Of(accelerator);
        kernels.Get<Action<AcceleratorStream, KernelConfig, ArrayView<int>>>(CountWrongRoots, null)(accelerator.DefaultStream, new(Roots / 4 / GroupSize, GroupSize), wrong.View);
        kernels.Get<Action<AcceleratorStream, KernelConfig, ArrayView<int>>>(CountWrongQuotients, null)(accelerator.DefaultStream, new(Quotients / 4 / GroupSize, GroupSize), wrong.View);
        Assert.That(wrong.GetAsArray1D(), Is.EqualTo([0, 0]), "wrong roots, wrong quotients");
    }

    /// <summary>What the test above has a card do, as far as that shows without one.</summary>
    [Test]
    public void TheCardsTestCompiles()
    {
        foreach (var kernel in (Action<ArrayView<int>>[])[CountWrongRoots, CountWrongQuotients])
            Assert.That(new GpuKernel(kernel.Method.Name, kernel.Method).Compile(CudaArchitecture.SM_80, CudaInstructionSet.ISA_70), Does.Contain(".approx.ftz.f32").And.Contain(".rn.f32"));
    }

    private static void CountWrongRoots(ArrayView<int> wrong)
    {
        var first = 0x3F80_0000u + (uint)(Grid.IdxX * Group.DimX + Group.IdxX) * 4;
        var numbers = new Float4(Interop.IntAsFloat(first), Interop.IntAsFloat(first + 1), Interop.IntAsFloat(first + 2), Interop.IntAsFloat(first + 3));
        var roots = GpuFloats4.Sqrt(new(numbers)).ToFloat4();
        if (Differ(roots, new(Instructions.Sqrt(numbers.X), Instructions.Sqrt(numbers.Y), Instructions.Sqrt(numbers.Z), Instructions.Sqrt(numbers.W))))
            Atomic.Add(ref wrong[0], 1);
    }

    private static void CountWrongQuotients(ArrayView<int> wrong)
    {
        var first = (uint)(Grid.IdxX * Group.DimX + Group.IdxX) * 8;
        Float4 a = new(Number(first), Number(first + 1), Number(first + 2), Number(first + 3)), b = new(Number(first + 4), Number(first + 5), Number(first + 6), Number(first + 7));
        var quotients = GpuFloats4.Divide(new(a), new(b)).ToFloat4();
        if (Differ(quotients, new(Instructions.Divide(a.X, b.X), Instructions.Divide(a.Y, b.Y), Instructions.Divide(a.Z, b.Z), Instructions.Divide(a.W, b.W))))
            Atomic.Add(ref wrong[1], 1);
    }

    /// <summary>A number of either sign between 2^-32 and 2^32.</summary>
    private static float Number(uint index)
    {
        // Jenkins' one-at-a-time hash of an integer.
        index += index << 10;
        index ^= index >> 6;
        index += index << 3;
        index ^= index >> 11;
        index += index << 15;
        return Interop.IntAsFloat((index & 0x9FFF_FFFFu) + (95u << 23));
    }

    private static bool Differ(Float4 a, Float4 b) =>
        (Interop.FloatAsInt(a.X) ^ Interop.FloatAsInt(b.X) | Interop.FloatAsInt(a.Y) ^ Interop.FloatAsInt(b.Y) | Interop.FloatAsInt(a.Z) ^ Interop.FloatAsInt(b.Z) | Interop.FloatAsInt(a.W) ^ Interop.FloatAsInt(b.W)) != 0;

    private static void AssertSame(GpuFloats4 actual, params float[] expected)
    {
        var four = actual.ToFloat4();
        Bits.AreEqual<float>([four.X, four.Y, four.Z, four.W], expected, "");
    }
}
