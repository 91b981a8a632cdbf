using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Lanes;

/// <summary>IEEE 754 binary16.</summary>
internal readonly unsafe struct Float16Format : IFormat
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static ElementType Type => ElementType.Float16;

    public static int Size => 2;

    [MethodImpl(Inline)]
    public static T Round<T>(in T value) where T : unmanaged, IFloats<T> => T.RoundToFloat16(value);

    [MethodImpl(Inline)]
    public static T Load<T>(void* source) where T : unmanaged, IFloats<T> => T.LoadFloat16((ushort*)source);

    [MethodImpl(Inline)]
    public static void Store<T>(in T value, void* destination) where T : unmanaged, IFloats<T> =>
        T.StoreFloat16(value, (ushort*)destination);

    [MethodImpl(Inline)]
    public static void StoreRounded<T>(in T value, void* destination) where T : unmanaged, IVector<T> =>
        T.StoreRoundedFloat16(value, (ushort*)destination);
}
