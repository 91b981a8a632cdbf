using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GpuOptim.Kernels.Encodings;

/// <summary>
/// Bytes of the dynamic code, see <see cref="Dynamic8Code{TSign}"/>, in blocks: each block's largest magnitude is a float of the companion, the bytes
/// say what of that the numbers are.
/// </summary>
/// <remarks>
/// Where a number of a block is not finite, all of the block is NaN, and nothing else. Where the largest is below the smallest normal float, all are zero.
/// Memory that is all zeros has zeros.
/// <para>In a stochastic rounding 15 bits decide; the lowest of the sixteen is taken as a half.</para>
/// </remarks>
/// <typeparam name="TSign">Whether there are numbers below zero. If not, what is below zero becomes zero.</typeparam>
/// <typeparam name="TRounding">How to round.</typeparam>
internal unsafe struct Dynamic8<TSign, TRounding> : IEncoding where TSign : ISign where TRounding : IRounding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    // The upper half of a float counts 128 to a power of two, and three of those make a decade of ours: each begins between 2^-19 and 2^-18, 2^-16 and 2^-15,
    // up to 2^-4 and 2^-3. So what that half is above 2^-21, by 384, is the decade or the one below, and a comparison tells which. The division is a
    // multiplication by 10923 / 2^22, right for all that there is. The subtraction saturates, and leaves nothing of the lower half.
    private const uint HalfBelow = ((127 - 21) << 23) | 0xFFFF;
    private const uint HalfFactor = 10923 << 16;
    private const int HalfShift = 22;

    public static int NumberSize => 1;

    public static int CompanionSize => sizeof(float);

    public static bool HasBlocks => true;

    /// <inheritdoc/>
    public static void Decode(in EncodedStretch stretch, float* values, int vectorBits)
    {
        var scales = (float*)stretch.Companion;
        for (var start = 0; start < stretch.Length; start += EncodedStretch.BlockLength)
            Decode(stretch.Numbers + start, *scales++, values + start, Math.Min(EncodedStretch.BlockLength, stretch.Length - start), vectorBits);
    }

    /// <inheritdoc/>
    public static void Encode(in EncodedStretch stretch, float* values, int vectorBits)
    {
        var scales = (float*)stretch.Companion;
        var buffer = stackalloc ushort[TRounding.IsStochastic ? Philox.RoomFor(EncodedStretch.BlockLength) : 0];
        for (var start = 0; start < stretch.Length; start += EncodedStretch.BlockLength)
        {
            var length = Math.Min(EncodedStretch.BlockLength, stretch.Length - start);
            var largest = Blocks.Largest(values + start, length, vectorBits);
            if (largest is < Blocks.SmallestNormal or >= Blocks.Infinity)
            {
                *scales++ = largest < Blocks.Infinity ? 0 : float.NaN;
                NativeMemory.Clear(stretch.Numbers + start, (nuint)length);
                continue;
            }
            var scale = BitConverter.UInt32BitsToSingle(largest);
            *scales++ = scale;
            var random = TRounding.IsStochastic ? Philox.Fill(stretch.Random, start, length, buffer, vectorBits) : null;
            Encode(values + start, 1 / scale, random, stretch.Numbers + start, length, vectorBits);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Decode(byte* numbers, float scale, float* values, nint length, int vectorBits)
    {
        nint i = 0;
        if (vectorBits >= 512 && Avx512BW.IsSupported)
        {
            // Sixteen entries are chosen from by four bits. The compiler does not put the tables together ahead of the loop.
            var steps = Vector512.Create(Dynamic8Code<TSign>.Steps, Dynamic8Code<TSign>.Steps);
            var decades = Vector512.Create(Dynamic8Code<TSign>.Decades, Dynamic8Code<TSign>.Decades);
            for (; i <= length - 32; i += 32)
            {
                Decode16(numbers + i, scale, steps, decades).Store(values + i);
                Decode16(numbers + i + 16, scale, steps, decades).Store(values + i + 16);
            }
        }
        else if (vectorBits >= 256 && Avx2.IsSupported)
        {
            for (; i <= length - 32; i += 32)
            {
                Decode8(numbers + i, scale).Store(values + i);
                Decode8(numbers + i + 8, scale).Store(values + i + 8);
                Decode8(numbers + i + 16, scale).Store(values + i + 16);
                Decode8(numbers + i + 24, scale).Store(values + i + 24);
            }
        }
        if (i == length)
            return;
        fixed (float* table = Dynamic8Code<TSign>.Values)
        {
            for (; i < length; i++)
                values[i] = table[numbers[i]] * scale + 0f;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Encode(float* values, float inverse, ushort* random, byte* numbers, nint length, int vectorBits)
    {
        nint i = 0;
        if (vectorBits >= 512 && Avx512BW.IsSupported)
        {
            for (; i <= length - 32; i += 32)
            {
                Encode16(values + i, inverse, random + i).Store(numbers + i);
                Encode16(values + i + 16, inverse, random + i + 16).Store(numbers + i + 16);
            }
        }
        else if (vectorBits >= 256 && Avx2.IsSupported)
        {
            for (; i <= length - 32; i += 32)
            {
                var first = Avx2.PackSignedSaturate(Encode8(values + i, inverse, random + i), Encode8(values + i + 8, inverse, random + i + 8));
                var second = Avx2.PackSignedSaturate(Encode8(values + i + 16, inverse, random + i + 16), Encode8(values + i + 24, inverse, random + i + 24));
                // What saturates is 1 below zero, and without a sign what rounding took beyond 1.
                var bytes = TSign.IsSigned ? Avx2.PackSignedSaturate(first, second).AsByte() : Avx2.PackUnsignedSaturate(first, second);
                Avx2.PermuteVar8x32(bytes.AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsByte().Store(numbers + i);
            }
        }
        for (; i < length; i++)
            numbers[i] = (byte)Dynamic8Code<TSign>.Encode(values[i] * inverse, TRounding.IsStochastic ? (random[i] | 1) * Dynamic8Code<TSign>.RandomStep : Dynamic8Code<TSign>.Half);
    }

    [MethodImpl(Inline)]
    private static Vector256<float> Decode8(byte* source, float scale)
    {
        var code = TSign.IsSigned ? Avx2.ConvertToVector256Int32((sbyte*)source) : Avx2.ConvertToVector256Int32(source);
        var number = Vector256.ConvertToSingle(TSign.IsSigned ? Avx2.Abs(code).AsInt32() : code) + Vector256.Create(Dynamic8Code<TSign>.NumberStart);
        var leading = number.AsInt32() & Vector256.Create((int)Blocks.Infinity);
        var decade = leading >> 23;
        var value = Vector256.FusedMultiplyAdd(
            number - leading.AsSingle(),
            Avx2.PermuteVar8x32(Dynamic8Code<TSign>.Steps, decade),
            Avx2.PermuteVar8x32(Dynamic8Code<TSign>.Decades, decade));
        // The byte is above zero where the number is below. A zero has a sign until one without is added.
        return TSign.IsSigned
            ? Vector256.FusedMultiplyAdd(value, Avx.BlendVariable(Vector256.Create(-scale), Vector256.Create(scale), code.AsSingle()), Vector256<float>.Zero)
            : Avx2.Sign(value.AsInt32(), code).AsSingle() * Vector256.Create(scale);
    }

    [MethodImpl(Inline)]
    private static Vector512<float> Decode16(byte* source, float scale, Vector512<float> steps, Vector512<float> decades)
    {
        var code = TSign.IsSigned ? Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source)) : Avx512F.ConvertToVector512Int32(Vector128.Load(source));
        var number = Vector512.ConvertToSingle(TSign.IsSigned ? Vector512.Abs(code) : code) + Vector512.Create(Dynamic8Code<TSign>.NumberStart);
        var leading = number.AsInt32() & Vector512.Create((int)Blocks.Infinity);
        var decade = leading >> 23;
        var value = Vector512.FusedMultiplyAdd(
            number - leading.AsSingle(),
            Avx512F.PermuteVar16x32(steps, decade),
            Avx512F.PermuteVar16x32(decades, decade));
        return TSign.IsSigned
            ? Vector512.FusedMultiplyAdd(value ^ (code.AsSingle() & Vector512.Create(-0f)), Vector512.Create(-scale), Vector512<float>.Zero)
            : Vector512.ConditionalSelect(Vector512.Equals(code, Vector512<int>.Zero).AsSingle(), Vector512<float>.Zero, value) * Vector512.Create(scale);
    }

    /// <summary>Eight bytes, before they are narrowed: too large where that must saturate.</summary>
    [MethodImpl(Inline)]
    private static Vector256<int> Encode8(float* source, float inverse, ushort* random)
    {
        var ratio = Vector256.Load(source) * Vector256.Create(TSign.IsSigned ? -inverse : inverse);
        var a = TSign.IsSigned ? Vector256.Abs(ratio) : Vector256.Max(ratio.AsInt32(), Vector256.Create(Dynamic8Code<TSign>.Least).AsInt32()).AsSingle();
        var above = Avx2.SubtractSaturate(a.AsUInt16(), Vector256.Create(HalfBelow).AsUInt16());
        var decade = (Avx2.MultiplyHigh(above, Vector256.Create(HalfFactor).AsUInt16()).AsUInt32() >> HalfShift).AsInt32();
        decade -= Vector256.GreaterThanOrEqual(a, Avx2.PermuteVar8x32(Dynamic8Code<TSign>.Nexts, decade)).AsInt32();
        var line = Vector256.FusedMultiplyAdd(a, Avx2.PermuteVar8x32(Dynamic8Code<TSign>.Slopes, decade), Avx2.PermuteVar8x32(Dynamic8Code<TSign>.Starts, decade));
        var crossing = Vector256.FusedMultiplyAdd(line, Vector256.Create(Dynamic8Code<TSign>.Third), Avx2.PermuteVar8x32(Dynamic8Code<TSign>.Meets, decade));
        var position = Avx.Min(Avx.Min(line, crossing), a * Vector256.Create(Dynamic8Code<TSign>.FirstSlope));
        position = TRounding.IsStochastic
            ? Vector256.FusedMultiplyAdd(
                Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(random) | Vector256<int>.One), Vector256.Create(Dynamic8Code<TSign>.RandomStep), position)
            : position + Vector256.Create(Dynamic8Code<TSign>.Half);
        var number = Avx.ConvertToVector256Int32WithTruncation(position);
        return TSign.IsSigned ? Avx2.Sign(number, ratio.AsInt32()) : number;
    }

    [MethodImpl(Inline)]
    private static Vector128<byte> Encode16(float* source, float inverse, ushort* random)
    {
        var ratio = Vector512.Load(source) * Vector512.Create(TSign.IsSigned ? -inverse : inverse);
        var a = TSign.IsSigned ? Vector512.Abs(ratio) : Vector512.Max(ratio.AsInt32(), Vector512.Create(Dynamic8Code<TSign>.Least).AsInt32()).AsSingle();
        var above = Avx512BW.SubtractSaturate(a.AsUInt16(), Vector512.Create(HalfBelow).AsUInt16());
        var decade = (Avx512BW.MultiplyHigh(above, Vector512.Create(HalfFactor).AsUInt16()).AsUInt32() >> HalfShift).AsInt32();
        decade -= Vector512.GreaterThanOrEqual(a, Avx512F.PermuteVar16x32(Dynamic8Code<TSign>.Nexts.ToVector512Unsafe(), decade)).AsInt32();
        var line = Vector512.FusedMultiplyAdd(
            a, Avx512F.PermuteVar16x32(Dynamic8Code<TSign>.Slopes.ToVector512Unsafe(), decade), Avx512F.PermuteVar16x32(Dynamic8Code<TSign>.Starts.ToVector512Unsafe(), decade));
        var crossing = Vector512.FusedMultiplyAdd(
            line, Vector512.Create(Dynamic8Code<TSign>.Third), Avx512F.PermuteVar16x32(Dynamic8Code<TSign>.Meets.ToVector512Unsafe(), decade));
        var position = Avx512F.Min(Avx512F.Min(line, crossing), a * Vector512.Create(Dynamic8Code<TSign>.FirstSlope));
        position = TRounding.IsStochastic
            ? Vector512.FusedMultiplyAdd(
                Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector256.Load(random)) | Vector512<int>.One), Vector512.Create(Dynamic8Code<TSign>.RandomStep), position)
            : position + Vector512.Create(Dynamic8Code<TSign>.Half);
        return TSign.IsSigned
            ? Avx512F.ConvertToVector128SByteWithSaturation(Avx512F.ConvertToVector512Int32WithTruncation(position | (ratio & Vector512.Create(-0f)))).AsByte()
            : Avx512F.ConvertToVector128ByteWithSaturation(Avx512F.ConvertToVector512Int32WithTruncation(position).AsUInt32());
    }
}
