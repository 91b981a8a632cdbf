using ILGPU;
using ILGPU.IR.Intrinsics;
using ILGPU.Util;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>
/// The instructions that GPU kernels compute and reach memory with. In PTX each is one instruction that names its rounding and its width;
/// on ILGPU's CPU accelerator it is the same operation in C#, in OpenCL what <see cref="OpenCL.OpenCLInstructions"/> says.
/// </summary>
/// <remarks>
/// ILGPU writes <c>a * b + c</c> without a rounding, and the assembler fuses what has none; and how wide it reaches memory depends on what it
/// can prove of an address.
/// </remarks>
internal static unsafe class Ptx
{
    [IntrinsicImplementation, PtxInstruction("add.rn.f32")]
    public static float Add(float a, float b) => a + b;

    [IntrinsicImplementation, PtxInstruction("sub.rn.f32")]
    public static float Subtract(float a, float b) => a - b;

    [IntrinsicImplementation, PtxInstruction("mul.rn.f32")]
    public static float Multiply(float a, float b) => a * b;

    [IntrinsicImplementation, PtxInstruction("div.rn.f32")]
    public static float Divide(float a, float b) => a / b;

    [IntrinsicImplementation, PtxInstruction("fma.rn.f32")]
    public static float FusedMultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    [IntrinsicImplementation, PtxInstruction("sqrt.rn.f32")]
    public static float Sqrt(float a) => MathF.Sqrt(a);

    [IntrinsicImplementation, PtxInstruction("neg.f32")]
    public static float Negate(float a) => -a;

    [IntrinsicImplementation, PtxInstruction("abs.f32")]
    public static float Abs(float a) => MathF.Abs(a);

    /// <summary>The smaller of two numbers; NaN if either is.</summary>
    [IntrinsicImplementation, PtxInstruction("min.NaN.f32", BeforeSm80 = nameof(SelectMin))]
    public static float Min(float a, float b) => MathF.Min(a, b);

    /// <summary>The larger of two numbers; NaN if either is.</summary>
    [IntrinsicImplementation, PtxInstruction("max.NaN.f32", BeforeSm80 = nameof(SelectMax))]
    public static float Max(float a, float b) => MathF.Max(a, b);

    /// <summary>The larger of two numbers; the other one if one is NaN.</summary>
    [IntrinsicImplementation, PtxInstruction("max.f32")]
    public static float MaxNumber(float a, float b) => float.MaxNumber(a, b);

    /// <summary>About the reciprocal; zero where it is below the smallest normal number.</summary>
    [IntrinsicImplementation, PtxInstruction("rcp.approx.ftz.f32")]
    public static float EstimateReciprocal(float a) => FlushSubnormal((float)(1 / (double)a));

    /// <summary>About the reciprocal of the root, of a normal number.</summary>
    [IntrinsicImplementation, PtxInstruction("rsqrt.approx.ftz.f32")]
    public static float EstimateReciprocalRoot(float a) => (float)(1 / Math.Sqrt((double)a));

    /// <summary>The bits of a binary16 as a float.</summary>
    [IntrinsicImplementation, PtxInstruction("cvt.f32.f16")]
    public static float HalfToFloat(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    /// <summary>The bits of the nearest binary16, ties to even.</summary>
    [IntrinsicImplementation, PtxInstruction("cvt.rn.f16.f32")]
    public static ushort FloatToHalf(float value) => BitConverter.HalfToUInt16Bits((System.Half)value);

    /// <summary>The bits of the nearest bfloat16 of two floats, ties to even, the first in the lower half.</summary>
    [IntrinsicImplementation, PtxInstruction("cvt.rn.bf16x2.f32", "{0}, {2}, {1}", BeforeSm80 = nameof(RoundToBFloat16))]
    public static uint FloatsToBFloat16(float lower, float upper) => RoundToBFloat16(lower, upper);

    /// <summary>The bits of the nearest binary16 of two floats, ties to even, the first in the lower half.</summary>
    [IntrinsicImplementation, PtxInstruction("cvt.rn.f16x2.f32", "{0}, {2}, {1}", BeforeSm80 = nameof(RoundToHalves))]
    public static uint FloatsToHalves(float lower, float upper) => RoundToHalves(lower, upper);

    /// <summary>The upper half of a product.</summary>
    [IntrinsicImplementation, PtxInstruction("mul.hi.u32")]
    public static uint MultiplyHigh(uint a, uint b) => (uint)(((ulong)a * b) >> 32);

    /// <summary>Four of eight bytes: each four bits of the selector are the place of one, from 0 in <paramref name="a"/> and from 4 in <paramref name="b"/>.</summary>
    [IntrinsicImplementation, PtxInstruction("prmt.b32")]
    public static uint Permute(uint a, uint b, uint selector) => PermuteBytes(a, b, selector);

    /// <summary>The largest of a warp's numbers, for all of its threads. On a CPU, where a warp is one thread, it is the thread's.</summary>
    [IntrinsicImplementation, PtxInstruction("redux.sync.max.u32", "{0}, {1}, 4294967295", BeforeSm80 = nameof(ShuffleMax))]
    public static uint MaxOfWarp(uint value) => value;

    /// <summary>The address of an element.</summary>
    [IntrinsicImplementation, PtxInstruction("mad.wide.s32", "{0}, {2}, {3}, {1}")]
    public static long Place(long start, int index, int size) => start + (long)index * size;

    /// <summary>One float.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.f32", "{0}, [{1}]")]
    public static float LoadOne(float* source) => *source;

    /// <summary>Stores one float.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.f32", "[{0}], {1}")]
    public static void StoreOne(float* destination, float value) => *destination = value;

    /// <summary>One 16-bit number.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.u16", "{0}, [{1}]")]
    public static ushort LoadOne(ushort* source) => *source;

    /// <summary>Stores one 16-bit number.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.u16", "[{0}], {1}")]
    public static void StoreOne(ushort* destination, ushort value) => *destination = value;

    /// <summary>One word.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.u32", "{0}, [{1}]")]
    public static uint LoadOne(uint* source) => *source;

    /// <summary>Stores one word.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.u32", "[{0}], {1}")]
    public static void StoreOne(uint* destination, uint value) => *destination = value;

    /// <summary>One byte.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.u8", "{0}, [{1}]")]
    public static ushort LoadByte(byte* source) => *source;

    /// <summary>Stores one byte.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.u8", "[{0}], {1}")]
    public static void StoreByte(byte* destination, ushort value) => *destination = (byte)value;

    /// <summary>Four floats at an address that is a multiple of 16.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.v4.f32", "{0}, [{1}]")]
    public static Float4 LoadFour(float* source) => *(Float4*)source;

    /// <summary>Stores four floats at an address that is a multiple of 16.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.v4.f32", "[{0}], {1}")]
    public static void StoreFour(float* destination, Float4 value) => *(Float4*)destination = value;

    /// <summary>Four 16-bit numbers at an address that is a multiple of 8.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.v2.b32", "{0}, [{1}]")]
    public static UInt2 LoadFour(ushort* source) => *(UInt2*)source;

    /// <summary>Stores four 16-bit numbers at an address that is a multiple of 8.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.v2.b32", "[{0}], {1}")]
    public static void StoreFour(ushort* destination, UInt2 value) => *(UInt2*)destination = value;

    /// <summary>Eight 16-bit numbers at an address that is a multiple of 16.</summary>
    [IntrinsicImplementation, PtxInstruction("ld.global.v4.b32", "{0}, [{1}]")]
    public static UInt4 LoadEight(ushort* source) => *(UInt4*)source;

    /// <summary>Stores eight 16-bit numbers at an address that is a multiple of 16.</summary>
    [IntrinsicImplementation, PtxInstruction("st.global.v4.b32", "[{0}], {1}")]
    public static void StoreEight(ushort* destination, UInt4 value) => *(UInt4*)destination = value;

    /// <summary>Four of eight bytes where there is no instruction for it.</summary>
    public static uint PermuteBytes(uint a, uint b, uint selector)
    {
        var both = a | ((ulong)b << 32);
        return Byte(both, selector) | (Byte(both, selector >> 4) << 8) | (Byte(both, selector >> 8) << 16) | (Byte(both, selector >> 12) << 24);
    }

    /// <summary>A number, but zero if it is too small to have all of its places.</summary>
    public static float FlushSubnormal(float a) => Utilities.Select((Interop.FloatAsInt(a) & 0x7F80_0000u) == 0, 0f, a);

    /// <summary>The largest of a warp's numbers where there is no instruction for it.</summary>
    public static uint ShuffleMax(uint value)
    {
        value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, 16));
        value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, 8));
        value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, 4));
        value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, 2));
        return IntrinsicMath.Max(value, Warp.ShuffleXor(value, 1));
    }

    /// <summary>The smaller of two numbers where there is no instruction for it. A zero below zero is smaller than one above.</summary>
    public static float SelectMin(float a, float b) => Utilities.Select(IsNaN(a) | (!IsNaN(b) & IsLess(a, b)), a, b);

    /// <summary>The larger.</summary>
    public static float SelectMax(float a, float b) => Utilities.Select(IsNaN(a) | (!IsNaN(b) & IsLess(b, a)), a, b);

    private static uint Byte(ulong bytes, uint place) => (uint)(bytes >> (int)(8 * (place & 7))) & 0xFF;

    private static bool IsNaN(float value) => (Interop.FloatAsInt(value) & 0x7FFF_FFFFu) > 0x7F80_0000u;

    /// <summary>Whether a number comes before another when their bits are taken as sign and size.</summary>
    private static bool IsLess(float a, float b) => Ordered(a) < Ordered(b);

    private static int Ordered(float value)
    {
        var bits = (int)Interop.FloatAsInt(value);
        return bits ^ ((bits >> 31) & 0x7FFF_FFFF);
    }

    private static uint RoundToHalves(float lower, float upper) => FloatToHalf(lower) | ((uint)FloatToHalf(upper) << 16);

    private static uint RoundToBFloat16(float lower, float upper) => (BFloat16Bits(lower) >> 16) | (BFloat16Bits(upper) & 0xFFFF_0000u);

    /// <summary>The nearest bfloat16 as a float's bits; half of its last place is added, less one where that place is even.</summary>
    private static uint BFloat16Bits(float value)
    {
        var bits = Interop.FloatAsInt(value);
        return Utilities.Select((bits & 0x7FFF_FFFFu) > 0x7F80_0000u, 0x7FC0_0000u, bits + 0x7FFFu + ((bits >> 16) & 1));
    }
}
