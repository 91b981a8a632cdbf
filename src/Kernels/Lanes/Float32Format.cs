using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Floats as they are.</summary>
internal readonly unsafe struct Float32Format : IFormat
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static ElementType Type => ElementType.Float32;

    public static int Size => 4;

    [MethodImpl(Inline)]
    public static T Round<T>(in T value) where T : unmanaged, IFloats<T> => value;

    [MethodImpl(Inline)]
    public static T Load<T>(void* source) where T : unmanaged, IFloats<T> => T.Load((float*)source);

    [MethodImpl(Inline)]
    public static void Store<T>(in T value, void* destination) where T : unmanaged, IFloats<T> => T.Store(value, (float*)destination);

    [MethodImpl(Inline)]
    public static void StoreRounded<T>(in T value, void* destination) where T : unmanaged, IVector<T> =>
        T.Store(value, (float*)destination);
}
