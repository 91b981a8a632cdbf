using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Transposes small squares of numbers of 16 or 32 bits in registers.</summary>
internal static unsafe class Transposition
{
    /// <summary>Rows and columns of a square of numbers of 32 bits.</summary>
    public const int WideOrder = 4;

    /// <summary>Rows and columns of a square of vectors of 512 bits.</summary>
    public const int PairedOrder = 16;

    private const int Order = 8;

    /// <summary>Whether this processor has the instructions. Paired squares need them; others are transposed number by number without.</summary>
    public static bool IsSupported => Sse2.IsSupported || AdvSimd.Arm64.IsSupported;

    /// <summary>Rows and columns of a square of numbers of a type of 16 or 32 bits.</summary>
    public static int OrderOf<T>() where T : unmanaged => sizeof(T) == sizeof(ushort) ? Order : WideOrder;

    /// <summary>Writes the transpose of a square.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose<T>(T* source, nint sourceStride, T* destination, nint destinationStride) where T : unmanaged
    {
        if (sizeof(T) == sizeof(ushort))
            Transpose((ushort*)source, sourceStride, (ushort*)destination, destinationStride);
        else
            TransposePairs((ushort*)source, 2 * sourceStride, (uint*)destination, destinationStride);
    }

    /// <summary>Writes the transpose of a square of floats whose rows stand in pairs, the odd one first, as panels have them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposePaired(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        var r0 = Vector128.Load((uint*)source + sourceStride);
        var r1 = Vector128.Load((uint*)source);
        var r2 = Vector128.Load((uint*)source + 3 * sourceStride);
        var r3 = Vector128.Load((uint*)source + 2 * sourceStride);
        Transpose(ref r0, ref r1, ref r2, ref r3);
        r0.Store((uint*)destination + destinationStride);
        r1.Store((uint*)destination);
        r2.Store((uint*)destination + 3 * destinationStride);
        r3.Store((uint*)destination + 2 * destinationStride);
    }

    /// <summary>The same for a square of <see cref="PairedOrder"/> rows, one behind the other, with AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposePaired(float* source, float* destination)
    {
        for (var i = 0; i < PairedOrder; i += WideOrder)
        {
            // Four vectors hold four columns, the rows four apart side by side: what is left is to transpose each 128 bits.
            var r0 = Gather(source + PairedOrder + i);
            var r1 = Gather(source + i);
            var r2 = Gather(source + 3 * PairedOrder + i);
            var r3 = Gather(source + 2 * PairedOrder + i);
            var t0 = Avx512F.UnpackLow(r0, r2);
            var t1 = Avx512F.UnpackHigh(r0, r2);
            var t2 = Avx512F.UnpackLow(r1, r3);
            var t3 = Avx512F.UnpackHigh(r1, r3);
            var to = destination + i * PairedOrder;
            Avx512F.UnpackLow(t0, t2).Store(to + PairedOrder);
            Avx512F.UnpackHigh(t0, t2).Store(to);
            Avx512F.UnpackLow(t1, t3).Store(to + 3 * PairedOrder);
            Avx512F.UnpackHigh(t1, t3).Store(to + 2 * PairedOrder);
        }
    }

    /// <summary>Four numbers of every fourth row. To insert them from memory takes no shuffle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Gather(float* source)
    {
        var numbers = Vector128.Load(source).ToVector256Unsafe().ToVector512Unsafe();
        numbers = Avx512F.InsertVector128(numbers, Vector128.Load(source + 4 * PairedOrder), 1);
        numbers = Avx512F.InsertVector128(numbers, Vector128.Load(source + 8 * PairedOrder), 2);
        return Avx512F.InsertVector128(numbers, Vector128.Load(source + 12 * PairedOrder), 3);
    }

    /// <summary>Copies what is below the diagonal of a square to above it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Mirror<T>(T* square, nint stride) where T : unmanaged
    {
        var order = OrderOf<T>();
        var transpose = stackalloc T[Order * Order];
        Transpose(square, stride, transpose, order);
        for (var i = 0; i < order; i++)
        {
            // Rows are 16 bytes.
            var row = (ushort*)(square + i * stride);
            var isAbove = sizeof(T) == sizeof(ushort)
                ? Vector128.GreaterThan(Vector128<ushort>.Indices, Vector128.Create((ushort)i))
                : Vector128.GreaterThan(Vector128<uint>.Indices, Vector128.Create((uint)i)).AsUInt16();
            Vector128.ConditionalSelect(isAbove, Vector128.Load((ushort*)(transpose + i * order)), Vector128.Load(row)).Store(row);
        }
    }

    /// <summary>Writes the transpose of a square of 16-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ushort* source, nint sourceStride, ushort* destination, nint destinationStride)
    {
        if (!IsSupported)
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

    /// <summary>Writes the transpose of a square of pairs of 16-bit numbers, or of numbers of 32 bits.</summary>
    /// <param name="source">The first pair.</param>
    /// <param name="sourceStride">16-bit numbers from one row to the next.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="destinationStride">Pairs from one row to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposePairs(ushort* source, nint sourceStride, uint* destination, nint destinationStride)
    {
        if (!IsSupported)
        {
            for (var i = 0; i < WideOrder; i++)
            {
                for (var j = 0; j < WideOrder; j++)
                    destination[j * destinationStride + i] = Unsafe.ReadUnaligned<uint>(source + i * sourceStride + 2 * j);
            }
            return;
        }

        var r0 = Vector128.Load(source).AsUInt32();
        var r1 = Vector128.Load(source + sourceStride).AsUInt32();
        var r2 = Vector128.Load(source + 2 * sourceStride).AsUInt32();
        var r3 = Vector128.Load(source + 3 * sourceStride).AsUInt32();
        Transpose(ref r0, ref r1, ref r2, ref r3);
        r0.Store(destination);
        r1.Store(destination + destinationStride);
        r2.Store(destination + 2 * destinationStride);
        r3.Store(destination + 3 * destinationStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref Vector128<uint> r0, ref Vector128<uint> r1, ref Vector128<uint> r2, ref Vector128<uint> r3)
    {
        Interleave(ref r0, ref r2);
        Interleave(ref r1, ref r3);
        Interleave(ref r0, ref r1);
        Interleave(ref r2, ref r3);
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
