using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Transposes small squares of 16-bit numbers, or of pairs of them, in registers.</summary>
internal static unsafe class Transposition
{
    /// <summary>Rows and columns of a square.</summary>
    public const int Order = 8;

    /// <summary>Writes the transpose of a square of <see cref="Order"/> rows and columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(ushort* source, nint sourceStride, ushort* destination, nint destinationStride)
    {
        if (!Sse2.IsSupported && !AdvSimd.Arm64.IsSupported)
        {
            for (var i = 0; i < Order; i++)
            {
                for (var j = 0; j < Order; j++)
                    destination[j * destinationStride + i] = source[i * sourceStride + j];
            }
            return;
        }

        var r0 = Vector128.Load(source);
        var r1 = Vector128.Load(source + sourceStride);
        var r2 = Vector128.Load(source + 2 * sourceStride);
        var r3 = Vector128.Load(source + 3 * sourceStride);
        var r4 = Vector128.Load(source + 4 * sourceStride);
        var r5 = Vector128.Load(source + 5 * sourceStride);
        var r6 = Vector128.Load(source + 6 * sourceStride);
        var r7 = Vector128.Load(source + 7 * sourceStride);

        // Rows four apart, then two, then one, are interleaved: each pass puts one bit of the row's index behind the column's.
        Interleave(ref r0, ref r4);
        Interleave(ref r1, ref r5);
        Interleave(ref r2, ref r6);
        Interleave(ref r3, ref r7);

        Interleave(ref r0, ref r2);
        Interleave(ref r1, ref r3);
        Interleave(ref r4, ref r6);
        Interleave(ref r5, ref r7);

        Interleave(ref r0, ref r1);
        Interleave(ref r2, ref r3);
        Interleave(ref r4, ref r5);
        Interleave(ref r6, ref r7);

        r0.Store(destination);
        r1.Store(destination + destinationStride);
        r2.Store(destination + 2 * destinationStride);
        r3.Store(destination + 3 * destinationStride);
        r4.Store(destination + 4 * destinationStride);
        r5.Store(destination + 5 * destinationStride);
        r6.Store(destination + 6 * destinationStride);
        r7.Store(destination + 7 * destinationStride);
    }

    /// <summary>Rows and columns of a square of pairs.</summary>
    public const int PairOrder = 4;

    /// <summary>Writes the transpose of a square of <see cref="PairOrder"/> rows and as many columns, each a pair of 16-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposePairs(ushort* source, nint sourceStride, uint* destination, nint destinationStride)
    {
        if (!Sse2.IsSupported && !AdvSimd.Arm64.IsSupported)
        {
            for (var i = 0; i < PairOrder; i++)
            {
                for (var j = 0; j < PairOrder; j++)
                    destination[j * destinationStride + i] = Unsafe.ReadUnaligned<uint>(source + i * sourceStride + 2 * j);
            }
            return;
        }

        var r0 = Vector128.Load(source).AsUInt32();
        var r1 = Vector128.Load(source + sourceStride).AsUInt32();
        var r2 = Vector128.Load(source + 2 * sourceStride).AsUInt32();
        var r3 = Vector128.Load(source + 3 * sourceStride).AsUInt32();
        Interleave(ref r0, ref r2);
        Interleave(ref r1, ref r3);
        Interleave(ref r0, ref r1);
        Interleave(ref r2, ref r3);
        r0.Store(destination);
        r1.Store(destination + destinationStride);
        r2.Store(destination + 2 * destinationStride);
        r3.Store(destination + 3 * destinationStride);
    }

    /// <summary>Makes (a0, b0, a1, b1) and (a2, b2, a3, b3) of a and b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(ref Vector128<uint> a, ref Vector128<uint> b)
    {
        var (lower, upper) = Sse2.IsSupported
            ? (Sse2.UnpackLow(a, b), Sse2.UnpackHigh(a, b))
            : (AdvSimd.Arm64.ZipLow(a, b), AdvSimd.Arm64.ZipHigh(a, b));
        a = lower;
        b = upper;
    }

    /// <summary>Makes (a0, b0, a1, b1, a2, b2, a3, b3) and (a4, b4, a5, b5, a6, b6, a7, b7) of a and b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(ref Vector128<ushort> a, ref Vector128<ushort> b)
    {
        var (lower, upper) = Sse2.IsSupported
            ? (Sse2.UnpackLow(a, b), Sse2.UnpackHigh(a, b))
            : (AdvSimd.Arm64.ZipLow(a, b), AdvSimd.Arm64.ZipHigh(a, b));
        a = lower;
        b = upper;
    }
}
