using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd;

/// <summary>Elements of a format, one behind the other in memory.</summary>
internal static unsafe class Elements<TFormat> where TFormat : IFormat
{
    /// <summary>Where an element lies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* At(void* start, nint index) => (byte*)start + index * TFormat.Size;

    /// <summary>Consecutive elements, starting with that of an index, as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(void* start, nint index) where T : unmanaged, IFloats<T> => TFormat.Load<T>(At(start, index));

    /// <summary>Stores floats that are numbers of the format already, starting at an index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(in T value, void* start, nint index) where T : unmanaged, IFloats<T> => TFormat.Store(value, At(start, index));
}
