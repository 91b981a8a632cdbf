using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Transposes small squares of numbers of 16 or 32 bits in registers.</summary>
internal static unsafe class Transposition
{
    private const int Order = 8, WideOrder = 4;

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

    /// <summary>Writes the transpose of a square of pairs of 16-bit numbers, or of numbers of 32 bits.</summary>
    /// <param name="source">The first pair.</param>
    /// <param name="sourceStride">16-bit numbers from one row to the next.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="destinationStride">Pairs from one row to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransposePairs(ushort* source, nint sourceStride, uint* destination, nint destinationStride)
    {
        if (!Sse2.IsSupported && !AdvSimd.Arm64.IsSupported)
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
