using GpuOptim.Kernels.Ilgpu.OpenCL;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>What stands in for PTX instructions in OpenCL, run here as C#, gives the bits of the same operations of .NET.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class OpenCLInstructionsTests
{
    [Test]
    public void EveryFloat16BecomesItsFloatAndComesBack()
    {
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var half = BitConverter.UInt16BitsToHalf((ushort)bits);
            var single = OpenCLInstructions.HalfToFloat((ushort)bits);
            Bits.AreEqual<float>([single], [(float)half], $"0x{bits:x}");
            Bits.AreEqual<Half>([BitConverter.UInt16BitsToHalf(OpenCLInstructions.FloatToHalf(single))], [half], $"0x{bits:x}");
        }
    }

    /// <summary>Floats of every exponent, and those beside the halfway points between neighbors.</summary>
    [Test]
    public void FloatsRoundToTheNearestFloat16()
    {
        var random = new Random(1);
        for (var i = 0; i < 1 << 20; i++)
        {
            var bits = (uint)random.NextInt64(1L << 32);
            foreach (var candidate in (uint[])[bits, (bits & 0xFFFF_E000u) | 0x1000u, (bits & 0xFFFF_E000u) | 0x0FFFu, (bits & 0xFFFF_E000u) | 0x1001u])
            {
                var single = BitConverter.UInt32BitsToSingle(candidate);
                Bits.AreEqual<Half>([BitConverter.UInt16BitsToHalf(OpenCLInstructions.FloatToHalf(single))], [(Half)single], $"{single:G9}");
            }
        }
    }

    [Test]
    public void QuotientsRootsAndMaximaAreThoseOfFloats()
    {
        var random = new Random(1);
        float Any() => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32));
        for (var i = 0; i < 1 << 20; i++)
        {
            float a = Any(), b = Any();
            Bits.AreEqual<float>([OpenCLInstructions.Divide(a, b), OpenCLInstructions.Sqrt(a)], [a / b, MathF.Sqrt(a)], $"{a:G9}, {b:G9}");
        }
        float[] special = [0f, -0f, 1f, -2f, 3f, float.Epsilon, -float.Epsilon, float.MaxValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN, -float.NaN];
        foreach (var a in special)
        {
            foreach (var b in special)
            {
                Bits.AreEqual<float>([OpenCLInstructions.Max(a, b)], [MathF.Max(a, b)], $"max of {a}, {b}");
                Bits.AreEqual<float>([OpenCLInstructions.Min(a, b)], [MathF.Min(a, b)], $"min of {a}, {b}");
            }
        }
    }
}
