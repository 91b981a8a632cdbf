using GpuOptim.Kernels.Lanes;
using ILGPU;
using ILGPU.Frontend;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>What the instructions of <see cref="Ptx"/> are in OpenCL C, by the same names.</summary>
/// <remarks>
/// What OpenCL leaves to the device, quotients and roots of floats, is done in double precision, where it must round correctly; rounded again to
/// float, that is the correctly rounded float, since a double has more than twice its places.
/// </remarks>
internal static unsafe class OpenCLInstructions
{
    /// <summary>2^16 as a float's bits.</summary>
    private const uint Float16Overflow = (127u + 16) << 23;

    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Multiply(float a, float b) => a * b;

    public static float Divide(float a, float b) => (float)((double)a / b);

    [External("fma")]
    public static float FusedMultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    public static float Sqrt(float a) => (float)Math.Sqrt((double)a);

    public static float Negate(float a) => -a;

    public static float Abs(float a) => Interop.IntAsFloat(Interop.FloatAsInt(a) & 0x7FFF_FFFFu);

    public static float Min(float a, float b) => Ptx.SelectMin(a, b);

    public static float Max(float a, float b) => Ptx.SelectMax(a, b);

    [External("fmax")]
    public static float MaxNumber(float a, float b) => float.MaxNumber(a, b);

    public static uint Permute(uint a, uint b, uint selector) => Ptx.PermuteBytes(a, b, selector);

    public static float EstimateReciprocal(float a) => Ptx.FlushSubnormal((float)(1 / (double)a));

    public static float EstimateReciprocalRoot(float a) => (float)(1 / Math.Sqrt((double)a));

    public static float HalfToFloat(ushort bits)
    {
        var magnitude = bits & 0x7FFFu;
        var rebias = magnitude < 0x7C00u ? Bits16.Rebias : 2 * Bits16.Rebias;
        var value = magnitude < 0x400u ? Interop.FloatAsInt((int)magnitude * Bits16.Float16Quantum) : (magnitude << 13) + rebias;
        return Interop.IntAsFloat(value | ((bits & 0x8000u) << 16));
    }

    /// <remarks>A bfloat16 is rounded in the same way, see <see cref="Bits16"/>; beside 0.5, a float has the places of a subnormal binary16.</remarks>
    public static ushort FloatToHalf(float value)
    {
        var bits = Interop.FloatAsInt(value);
        var magnitude = bits & 0x7FFF_FFFFu;
        uint half;
        if (magnitude < Bits16.LowestExponent)
            half = Interop.FloatAsInt(Interop.IntAsFloat(magnitude) + 0.5f) - Interop.FloatAsInt(0.5f);
        else if (magnitude < Float16Overflow)
            half = (magnitude - Bits16.Rebias + 0x0FFFu + ((magnitude >> 13) & 1)) >> 13;
        else
            half = magnitude > Bits16.InfinityBits ? 0x7E00u : 0x7C00u;
        return (ushort)(half | ((bits >> 16) & 0x8000u));
    }

    /// <remarks>By way of 64 bits: OpenCL's own <c>mul_hi</c> would take ILGPU's integers for signed ones.</remarks>
    public static uint MultiplyHigh(uint a, uint b) => (uint)(((ulong)a * b) >> 32);

    public static long Place(long start, int index, int size) => start + (long)index * size;

    public static float LoadOne(float* source) => *source;

    public static void StoreOne(float* destination, float value) => *destination = value;

    public static ushort LoadOne(ushort* source) => *source;

    public static void StoreOne(ushort* destination, ushort value) => *destination = value;

    public static uint LoadOne(uint* source) => *source;

    public static void StoreOne(uint* destination, uint value) => *destination = value;

    public static ushort LoadByte(byte* source) => *source;

    public static void StoreByte(byte* destination, ushort value) => *destination = (byte)value;

    public static Float4 LoadFour(float* source) => *(Float4*)source;

    public static void StoreFour(float* destination, Float4 value) => *(Float4*)destination = value;

    public static UInt2 LoadFour(ushort* source) => *(UInt2*)source;

    public static void StoreFour(ushort* destination, UInt2 value) => *(UInt2*)destination = value;

    public static UInt4 LoadEight(ushort* source) => *(UInt4*)source;

    public static void StoreEight(ushort* destination, UInt4 value) => *(UInt4*)destination = value;
}
