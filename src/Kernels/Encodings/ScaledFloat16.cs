using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Encodings;

/// <summary>
/// Numbers of IEEE 754 binary16 in blocks, each with a power of two for a scale, a float of the companion, see <see cref="ScaledFloat16Code{TRounding}"/>:
/// eleven places, of all that is at most 2^28 times smaller than the block's largest.
/// </summary>
/// <remarks>
/// What was decoded encodes to the same numbers. When stochastic, to the same values: the scale may turn out half as large.
/// Where a number of a block is not finite, or too large to be once it is rounded, all of the block is NaN, and nothing else. Memory that is all zeros has zeros.
/// <para>In a stochastic rounding 13 bits decide, the upper of the sixteen.</para>
/// </remarks>
/// <typeparam name="TRounding">How to round.</typeparam>
internal unsafe struct ScaledFloat16<TRounding> : IEncoding where TRounding : IRounding
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int NumberSize => sizeof(ushort);

    public static int CompanionSize => sizeof(float);

    public static bool HasBlocks => true;

    /// <inheritdoc/>
    public static void Decode(in EncodedStretch stretch, float* values, int vectorBits)
    {
        var numbers = (ushort*)stretch.Numbers;
        var scales = (float*)stretch.Companion;
        for (var start = 0; start < stretch.Length; start += EncodedStretch.BlockLength)
            Decode(numbers + start, *scales++, values + start, Math.Min(EncodedStretch.BlockLength, stretch.Length - start), vectorBits);
    }

    /// <inheritdoc/>
    public static void Encode(in EncodedStretch stretch, float* values, int vectorBits)
    {
        var numbers = (ushort*)stretch.Numbers;
        var scales = (float*)stretch.Companion;
        var buffer = stackalloc ushort[TRounding.IsStochastic ? Philox.RoomFor(EncodedStretch.BlockLength) : 0];
        for (var start = 0; start < stretch.Length; start += EncodedStretch.BlockLength)
        {
            var length = Math.Min(EncodedStretch.BlockLength, stretch.Length - start);
            var scale = ScaledFloat16Code<TRounding>.Scale(Blocks.Largest(values + start, length, vectorBits));
            *scales++ = scale;
            if (float.IsNaN(scale))
            {
                NativeMemory.Clear(numbers + start, (nuint)length * sizeof(ushort));
                continue;
            }
            var random = TRounding.IsStochastic ? Philox.Fill(stretch.Random, start, length, buffer, vectorBits) : null;
            Encode(values + start, ScaledFloat16Code<TRounding>.Inverse(scale), random, numbers + start, length, vectorBits);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Decode(ushort* numbers, float scale, float* values, nint length, int vectorBits)
    {
        nint i = 0;
        if (vectorBits >= 512 && Vector512.IsHardwareAccelerated)
        {
            for (; i <= length - 16; i += 16)
                Floats16.Store(Floats16.Multiply(Floats16.LoadFloat16(numbers + i), Floats16.Create(scale)), values + i);
        }
        else if (vectorBits >= 256 && Vector256.IsHardwareAccelerated)
        {
            for (; i <= length - 8; i += 8)
                Floats8.Store(Floats8.Multiply(Floats8.LoadFloat16(numbers + i), Floats8.Create(scale)), values + i);
        }
        for (; i < length; i++)
            values[i] = ScaledFloat16Code<TRounding>.Decode(numbers[i]) * scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Encode(float* values, float inverse, ushort* random, ushort* numbers, nint length, int vectorBits)
    {
        nint i = 0;
        if (vectorBits >= 512 && Avx512F.IsSupported)
        {
            for (; i <= length - 16; i += 16)
            {
                var scaled = Vector512.Load(values + i) * Vector512.Create(inverse);
                if (TRounding.IsStochastic)
                    Avx512F.ConvertToVector256UInt16(Encode16(scaled, random + i)).Store(numbers + i);
                else
                    Floats16.StoreRoundedFloat16(new(scaled), numbers + i);
            }
        }
        else if (vectorBits >= 256 && Avx2.IsSupported)
        {
            for (; i <= length - 16; i += 16)
            {
                var first = Vector256.Load(values + i) * Vector256.Create(inverse);
                var second = Vector256.Load(values + i + 8) * Vector256.Create(inverse);
                if (TRounding.IsStochastic)
                {
                    var packed = Avx2.PackUnsignedSaturate(Encode8(first, random + i), Encode8(second, random + i + 8));
                    Avx2.Permute4x64(packed.AsUInt64(), 0b11_01_10_00).AsUInt16().Store(numbers + i);
                }
                else
                {
                    Floats8.StoreRoundedFloat16(new(first), numbers + i);
                    Floats8.StoreRoundedFloat16(new(second), numbers + i + 8);
                }
            }
        }
        for (; i < length; i++)
            numbers[i] = ScaledFloat16Code<TRounding>.Encode(values[i] * inverse, TRounding.IsStochastic ? random[i] : (ushort)0);
    }

    [MethodImpl(Inline)]
    private static Vector256<int> Encode8(Vector256<float> scaled, ushort* random)
    {
        var drawn = Avx2.ConvertToVector256Int32(random) >>> (16 - ScaledFloat16Code<TRounding>.Dropped);
        var magnitude = Vector256.Abs(scaled);
        var quanta = Avx.Min(magnitude, Vector256.Create(Bits16.Float16SmallestNormal)) * Vector256.Create(1 / Bits16.Float16Quantum);
        var position = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(drawn), Vector256.Create(ScaledFloat16Code<TRounding>.RandomStep), quanta);
        var subnormal = Avx.ConvertToVector256Int32WithTruncation(position);
        // A subnormal read as if it were normal comes out smaller, and all normal ones are no less than the first of them.
        var normal = ((magnitude.AsInt32() + drawn) >> ScaledFloat16Code<TRounding>.Dropped) + Vector256.Create(ScaledFloat16Code<TRounding>.Rebias);
        return Vector256.Max(subnormal, normal) | ((scaled.AsInt32() >>> 16) & Vector256.Create(0x8000));
    }

    [MethodImpl(Inline)]
    private static Vector512<uint> Encode16(Vector512<float> scaled, ushort* random)
    {
        var drawn = Avx512F.ConvertToVector512Int32(Vector256.Load(random)) >>> (16 - ScaledFloat16Code<TRounding>.Dropped);
        var magnitude = Vector512.Abs(scaled);
        var quanta = Avx512F.Min(magnitude, Vector512.Create(Bits16.Float16SmallestNormal)) * Vector512.Create(1 / Bits16.Float16Quantum);
        var position = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(drawn), Vector512.Create(ScaledFloat16Code<TRounding>.RandomStep), quanta);
        var subnormal = Avx512F.ConvertToVector512Int32WithTruncation(position);
        var normal = ((magnitude.AsInt32() + drawn) >> ScaledFloat16Code<TRounding>.Dropped) + Vector512.Create(ScaledFloat16Code<TRounding>.Rebias);
        return (Vector512.Max(subnormal, normal) | ((scaled.AsInt32() >>> 16) & Vector512.Create(0x8000))).AsUInt32();
    }
}
