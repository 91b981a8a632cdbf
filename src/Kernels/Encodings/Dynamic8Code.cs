using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Ilgpu;
using ILGPU;
using ILGPU.Util;

namespace GpuOptim.Kernels.Encodings;

/// <summary>
/// The 8-bit dynamic code of Dettmers et al., <see href="https://arxiv.org/abs/2110.02861">8-bit Optimizers via Block-wise Quantization</see>: seven decades below
/// 1, each with twice the numbers of the one below it. Here for one number, on any device.
/// </summary>
/// <remarks>
/// Decade i, from 0 to 6, has n = 2^i magnitudes, 10^(i-6) (0.1 + 0.9 (k + 0.5) / n) with k from 0 to n - 1; without a sign n = 2^(i+1). There are 0
/// and 1 besides, but no -1.
/// <para>
/// So the number n + k of a magnitude has the decade as its leading bit and k below that. 1 comes next. With a sign these are 1 to 127 and 128; the byte
/// is the number of a negative one, and its two's complement of a positive one: that has a place for 128 and none for -128. Without a sign they are 2 to 255
/// and 256; the byte is one less. Zero is the byte 0.
/// </para>
/// <para>
/// A position on the scale of bytes is linear between neighbours: with n steps in 9/10 of a decade, over three steps where a decade begins, over the half
/// step below 1, and from zero to the smallest. But for the last half step it is concave, so that of lines the lowest counts. To the position
/// either a half or a random number below one is added; what is left of the decimal point is the byte.
/// </para>
/// </remarks>
/// <typeparam name="TSign">Whether there are numbers below zero.</typeparam>
internal static class Dynamic8Code<TSign> where TSign : ISign
{
    // The smallest magnitude of each decade, and the largest one below 1, where positions take another slope.
    private const float SignedFirst0 = (float)(1e-6 * (0.1 + 0.9 / 2));
    private const float SignedFirst1 = (float)(1e-5 * (0.1 + 0.9 / 4));
    private const float SignedFirst2 = (float)(1e-4 * (0.1 + 0.9 / 8));
    private const float SignedFirst3 = (float)(1e-3 * (0.1 + 0.9 / 16));
    private const float SignedFirst4 = (float)(1e-2 * (0.1 + 0.9 / 32));
    private const float SignedFirst5 = (float)(1e-1 * (0.1 + 0.9 / 64));
    private const float SignedFirst6 = (float)(0.1 + 0.9 / 128);
    private const float SignedLast = (float)(1 - 0.9 / 128);

    private const float UnsignedFirst0 = (float)(1e-6 * (0.1 + 0.9 / 4));
    private const float UnsignedFirst1 = (float)(1e-5 * (0.1 + 0.9 / 8));
    private const float UnsignedFirst2 = (float)(1e-4 * (0.1 + 0.9 / 16));
    private const float UnsignedFirst3 = (float)(1e-3 * (0.1 + 0.9 / 32));
    private const float UnsignedFirst4 = (float)(1e-2 * (0.1 + 0.9 / 64));
    private const float UnsignedFirst5 = (float)(1e-1 * (0.1 + 0.9 / 128));
    private const float UnsignedFirst6 = (float)(0.1 + 0.9 / 256);
    private const float UnsignedLast = (float)(1 - 0.9 / 256);

    // Steps in a unit of each decade's magnitudes, with a sign; without one they are twice as many.
    private const float Slope0 = (float)(1e6 / 0.9);
    private const float Slope1 = (float)(2e5 / 0.9);
    private const float Slope2 = (float)(4e4 / 0.9);
    private const float Slope3 = (float)(8e3 / 0.9);
    private const float Slope4 = (float)(16e2 / 0.9);
    private const float Slope5 = (float)(32e1 / 0.9);
    private const float Slope6 = (float)(64 / 0.9);
    private const float Slope7 = 2 * Slope6;

    // Where a line of n steps begins: n 8/9, less the half step and what the byte is less than the number. The last is such that 1 has a whole position.
    private const float EightNinths = (float)(8 / 9.0);
    private const float SignedStart = -0.5f;
    private const float UnsignedStart = -1.5f;
    private const float SignedStart7 = (float)(128 - (double)Slope7);
    private const float UnsignedStart7 = (float)(255 - 2 * (double)Slope7);

    // Where the next decade begins a step takes three, and the line is a third of the other and two thirds of where they meet, the decade's last
    // number 2 n - 1. At the end there is no such line, and one far above is as good.
    private const float FourThirds = (float)(4 / 3.0);
    private const float SignedMeet = (float)(-2 / 3.0);
    private const float UnsignedMeet = (float)(-4 / 3.0);
    private const float FarAbove = 1024;

    // What a step is of each decade, with a sign, and where the decade begins.
    private const float Step0 = (float)(0.9e-6);
    private const float Step1 = (float)(0.9e-5 / 2);
    private const float Step2 = (float)(0.9e-4 / 4);
    private const float Step3 = (float)(0.9e-3 / 8);
    private const float Step4 = (float)(0.9e-2 / 16);
    private const float Step5 = (float)(0.9e-1 / 32);
    private const float Step6 = (float)(0.9 / 64);

    /// <summary>What positions take of a line where the next decade begins.</summary>
    public const float Third = (float)(1 / 3.0);

    /// <summary>What a random half word is multiplied by. Its last bit is set before: sums with a position are exact then, and a whole position stays.</summary>
    public const float RandomStep = 1f / 65536;

    /// <summary>What is added to a position to have the nearest.</summary>
    public const float Half = 0.5f;

    /// <summary>
    /// What numbers of no sign are at least when they are encoded, of a block that has any: a little more than the smallest magnitude, so that positions are no
    /// less than 1. Momentum would be divided by the root of a zero.
    /// </summary>
    public const float Least = UnsignedFirst0 * (1 + 1f / 256);

    /// <summary>The values of all bytes.</summary>
    public static float[] Values { get; } = [.. Enumerable.Range(0, 256).Select(Decode)];

    /// <summary>Steps from zero to the smallest magnitude in a unit.</summary>
    public static float FirstSlope
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSign.IsSigned ? (float)(1 / (1e-6 * (0.1 + 0.9 / 2))) : (float)(1 / (1e-6 * (0.1 + 0.9 / 4)));
    }

    /// <summary>From a byte's number to that of its magnitude, and a half: no longer a whole number, it says in its exponent what is zero, too.</summary>
    public static float NumberStart
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSign.IsSigned ? 0.5f : 1.5f;
    }

    // Tables for registers: entry i for decade i, the last one for the half step below 1.

    /// <summary>The smallest magnitude of the next decade.</summary>
    public static Vector256<float> Nexts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSign.IsSigned
            ? Vector256.Create(SignedFirst1, SignedFirst2, SignedFirst3, SignedFirst4, SignedFirst5, SignedFirst6, SignedLast, float.PositiveInfinity)
            : Vector256.Create(UnsignedFirst1, UnsignedFirst2, UnsignedFirst3, UnsignedFirst4, UnsignedFirst5, UnsignedFirst6, UnsignedLast, float.PositiveInfinity);
    }

    /// <summary>The slopes of positions.</summary>
    public static Vector256<float> Slopes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSign.IsSigned
            ? Vector256.Create(Slope0, Slope1, Slope2, Slope3, Slope4, Slope5, Slope6, Slope7)
            : Vector256.Create(2 * Slope0, 2 * Slope1, 2 * Slope2, 2 * Slope3, 2 * Slope4, 2 * Slope5, 2 * Slope6, 2 * Slope7);
    }

    /// <summary>Where the lines of positions begin.</summary>
    public static Vector256<float> Starts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSign.IsSigned
            ? Vector256.Create(
                (float)(1 * (double)EightNinths + SignedStart), (float)(2 * (double)EightNinths + SignedStart), (float)(4 * (double)EightNinths + SignedStart),
                (float)(8 * (double)EightNinths + SignedStart), (float)(16 * (double)EightNinths + SignedStart), (float)(32 * (double)EightNinths + SignedStart),
                (float)(64 * (double)EightNinths + SignedStart), SignedStart7)
            : Vector256.Create(
                (float)(2 * (double)EightNinths + UnsignedStart), (float)(4 * (double)EightNinths + UnsignedStart), (float)(8 * (double)EightNinths + UnsignedStart),
                (float)(16 * (double)EightNinths + UnsignedStart), (float)(32 * (double)EightNinths + UnsignedStart), (float)(64 * (double)EightNinths + UnsignedStart),
                (float)(128 * (double)EightNinths + UnsignedStart), UnsignedStart7);
    }

    /// <summary>Where the lines begin that cross over to the next decade.</summary>
    public static Vector256<float> Meets
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSign.IsSigned
            ? Vector256.Create(
                (float)(1 * (double)FourThirds + SignedMeet), (float)(2 * (double)FourThirds + SignedMeet), (float)(4 * (double)FourThirds + SignedMeet),
                (float)(8 * (double)FourThirds + SignedMeet), (float)(16 * (double)FourThirds + SignedMeet), (float)(32 * (double)FourThirds + SignedMeet), FarAbove, FarAbove)
            : Vector256.Create(
                (float)(2 * (double)FourThirds + UnsignedMeet), (float)(4 * (double)FourThirds + UnsignedMeet), (float)(8 * (double)FourThirds + UnsignedMeet),
                (float)(16 * (double)FourThirds + UnsignedMeet), (float)(32 * (double)FourThirds + UnsignedMeet), (float)(64 * (double)FourThirds + UnsignedMeet), FarAbove, FarAbove);
    }

    // Tables for registers by the lowest bits of an exponent: entry 0 for the numbers from 2. The one for zero is also the one for 1: with a sign
    // they differ in the half, which there is 1; without one, the byte must tell.

    /// <summary>What a step is.</summary>
    public static Vector256<float> Steps
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSign.IsSigned
            ? Vector256.Create(Step1, Step2, Step3, Step4, Step5, Step6, 2, Step0)
            : Vector256.Create(Step0 / 2, Step1 / 2, Step2 / 2, Step3 / 2, Step4 / 2, Step5 / 2, Step6 / 2, 0);
    }

    /// <summary>Where a decade begins.</summary>
    public static Vector256<float> Decades
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSign.IsSigned
            ? Vector256.Create(1e-6f, 1e-5f, 1e-4f, 1e-3f, 1e-2f, 1e-1f, 0, 1e-7f)
            : Vector256.Create(1e-7f, 1e-6f, 1e-5f, 1e-4f, 1e-3f, 1e-2f, 1e-1f, 1);
    }

    /// <summary>The byte of a number.</summary>
    /// <param name="ratio">The number, of the largest magnitude in its block: -1 to 1, or what rounding makes of that.</param>
    /// <param name="u">A half for the nearest, or a random number from 0 to below 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Encode(float ratio, float u)
    {
        var a = TSign.IsSigned ? Ptx.Abs(ratio) : Ptx.Max(ratio, Least);
        bool is1 = a >= (TSign.IsSigned ? SignedFirst1 : UnsignedFirst1), is2 = a >= (TSign.IsSigned ? SignedFirst2 : UnsignedFirst2);
        bool is3 = a >= (TSign.IsSigned ? SignedFirst3 : UnsignedFirst3), is4 = a >= (TSign.IsSigned ? SignedFirst4 : UnsignedFirst4);
        bool is5 = a >= (TSign.IsSigned ? SignedFirst5 : UnsignedFirst5), is6 = a >= (TSign.IsSigned ? SignedFirst6 : UnsignedFirst6);
        var is7 = a >= (TSign.IsSigned ? SignedLast : UnsignedLast);
        var (slope, start, meet) = Line(is1, is2, is3, is4, is5, is6, is7);
        var line = Ptx.FusedMultiplyAdd(a, slope, start);
        var position = Ptx.Min(Ptx.Min(line, Ptx.FusedMultiplyAdd(line, Third, meet)), Ptx.Multiply(a, FirstSlope));
        var number = (int)Ptx.Add(position, u);
        if (!TSign.IsSigned)
            return Utilities.Select(number > 255, 255, number);
        return Utilities.Select(ratio < 0, Utilities.Select(number > 127, 127, number), Utilities.Select(number > 128, 128, 256 - number) & 0xFF);
    }

    /// <summary>The value of a byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Decode(int code)
    {
        var signed = (code << 24) >> 24;
        var number = Ptx.Add(TSign.IsSigned ? Utilities.Select(signed < 0, -signed, signed) : code, NumberStart);
        var leading = Interop.IntAsFloat(Interop.FloatAsInt(number) & Blocks.Infinity);
        var n = TSign.IsSigned ? leading : Ptx.Multiply(leading, 0.5f);
        var (step, decade) = StepIn(n);
        var value = Ptx.FusedMultiplyAdd(Ptx.Subtract(number, leading), step, decade);
        value = Utilities.Select(n >= 128, 1f, value);
        value = Utilities.Select(code == 0, 0f, value);
        return TSign.IsSigned ? Utilities.Select(signed > 0, Ptx.Negate(value), value) : value;
    }

    /// <summary>What a table of a GPU's has of a decade: slope, start and end of its line, and where the next decade begins.</summary>
    /// <param name="i">The decade, or 7 for the half step below 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt4 LineEntry(int i)
    {
        var (slope, start, meet) = Line(i >= 1, i >= 2, i >= 3, i >= 4, i >= 5, i >= 6, i >= 7);
        var next = TSign.IsSigned ? SignedFirst1 : UnsignedFirst1;
        next = Utilities.Select(i >= 1, TSign.IsSigned ? SignedFirst2 : UnsignedFirst2, next);
        next = Utilities.Select(i >= 2, TSign.IsSigned ? SignedFirst3 : UnsignedFirst3, next);
        next = Utilities.Select(i >= 3, TSign.IsSigned ? SignedFirst4 : UnsignedFirst4, next);
        next = Utilities.Select(i >= 4, TSign.IsSigned ? SignedFirst5 : UnsignedFirst5, next);
        next = Utilities.Select(i >= 5, TSign.IsSigned ? SignedFirst6 : UnsignedFirst6, next);
        next = Utilities.Select(i >= 6, TSign.IsSigned ? SignedLast : UnsignedLast, next);
        next = Utilities.Select(i >= 7, float.PositiveInfinity, next);
        return new(Interop.FloatAsInt(slope), Interop.FloatAsInt(start), Interop.FloatAsInt(meet), Interop.FloatAsInt(next));
    }

    /// <summary>What a table of a GPU's has of numbers with a leading bit: a step, and where the decade begins.</summary>
    /// <param name="i">0 for zero, one more than the decade, 8 for 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt2 StepEntry(int i)
    {
        var (step, decade) = StepIn(Interop.IntAsFloat((uint)(126 + i) << 23));
        step = Utilities.Select(i == 0 | i == 8, 0f, step);
        decade = Utilities.Select(i == 0, 0f, Utilities.Select(i == 8, 1f, decade));
        return new(Interop.FloatAsInt(step), Interop.FloatAsInt(decade));
    }

    /// <summary>The line of the decade whose beginning, and those of all below, have been reached.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (float Slope, float Start, float Meet) Line(bool is1, bool is2, bool is3, bool is4, bool is5, bool is6, bool is7)
    {
        var slope = Slope0;
        slope = Utilities.Select(is1, Slope1, slope);
        slope = Utilities.Select(is2, Slope2, slope);
        slope = Utilities.Select(is3, Slope3, slope);
        slope = Utilities.Select(is4, Slope4, slope);
        slope = Utilities.Select(is5, Slope5, slope);
        slope = Utilities.Select(is6, Slope6, slope);
        slope = Utilities.Select(is7, Slope7, slope);
        var n = 1f;
        n = Utilities.Select(is1, 2f, n);
        n = Utilities.Select(is2, 4f, n);
        n = Utilities.Select(is3, 8f, n);
        n = Utilities.Select(is4, 16f, n);
        n = Utilities.Select(is5, 32f, n);
        n = Utilities.Select(is6, 64f, n);
        if (!TSign.IsSigned)
        {
            slope = Ptx.Add(slope, slope);
            n = Ptx.Add(n, n);
        }

        var start = Ptx.FusedMultiplyAdd(n, EightNinths, TSign.IsSigned ? SignedStart : UnsignedStart);
        start = Utilities.Select(is7, TSign.IsSigned ? SignedStart7 : UnsignedStart7, start);
        var meet = Utilities.Select(is6, FarAbove, Ptx.FusedMultiplyAdd(n, FourThirds, TSign.IsSigned ? SignedMeet : UnsignedMeet));
        return (slope, start, meet);
    }

    /// <summary>A step of the decade of so many steps, with a sign, and where it begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (float Step, float Decade) StepIn(float n)
    {
        bool is1 = n >= 2, is2 = n >= 4, is3 = n >= 8, is4 = n >= 16, is5 = n >= 32, is6 = n >= 64;
        var step = Step0;
        step = Utilities.Select(is1, Step1, step);
        step = Utilities.Select(is2, Step2, step);
        step = Utilities.Select(is3, Step3, step);
        step = Utilities.Select(is4, Step4, step);
        step = Utilities.Select(is5, Step5, step);
        step = Utilities.Select(is6, Step6, step);
        var decade = 1e-7f;
        decade = Utilities.Select(is1, 1e-6f, decade);
        decade = Utilities.Select(is2, 1e-5f, decade);
        decade = Utilities.Select(is3, 1e-4f, decade);
        decade = Utilities.Select(is4, 1e-3f, decade);
        decade = Utilities.Select(is5, 1e-2f, decade);
        decade = Utilities.Select(is6, 1e-1f, decade);
        if (!TSign.IsSigned)
            step = Ptx.Multiply(step, 0.5f);
        return (step, decade);
    }
}
