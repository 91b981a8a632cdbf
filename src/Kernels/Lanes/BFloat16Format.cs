using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Lanes;

/// <summary>The upper halves of floats.</summary>
internal readonly unsafe struct BFloat16Format : IFormat
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static ElementType Type => ElementType.BFloat16;

    [MethodImpl(Inline)]
    public static T Round<T>(T value) where T : unmanaged, IFloats<T>
    {
        // Adding half of the last kept place, less one where that place is even, carries exactly when nearest-even rounds up.
        var even = T.And(T.ShiftRight(value, 16), T.CreateBits(1));
        var rounded = T.And(T.AddBits(value, T.AddBits(even, T.CreateBits(0x7FFF))), T.CreateBits(0xFFFF_0000));
        return T.Select(T.Equal(value, value), rounded, T.CreateBits(0x7FC0_0000));
    }

    [MethodImpl(Inline)]
    public static T Load<T>(void* source, nint index) where T : unmanaged, IFloats<T> => T.ShiftLeft(T.LoadBits16((ushort*)source + index), 16);

    [MethodImpl(Inline)]
    public static void Store<T>(T value, void* destination, nint index) where T : unmanaged, IFloats<T> =>
        T.StoreBits16(T.ShiftRight(value, 16), (ushort*)destination + index);
}
