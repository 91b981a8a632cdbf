using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Lanes;

/// <summary>The upper halves of floats.</summary>
internal readonly unsafe struct BFloat16Format : IFormat
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static ElementType Type => ElementType.BFloat16;

    public static int Size => 2;

    [MethodImpl(Inline)]
    public static T Round<T>(in T value) where T : unmanaged, IFloats<T> => T.RoundToBFloat16(value);

    [MethodImpl(Inline)]
    public static T Load<T>(void* source) where T : unmanaged, IFloats<T> => T.LoadBFloat16((ushort*)source);

    [MethodImpl(Inline)]
    public static void Store<T>(in T value, void* destination) where T : unmanaged, IFloats<T> =>
        T.StoreBFloat16(value, (ushort*)destination);

    [MethodImpl(Inline)]
    public static void StoreRounded<T>(in T value, void* destination) where T : unmanaged, IVector<T> =>
        T.StoreBFloat16(T.CarryIntoBFloat16(value), (ushort*)destination);
}
