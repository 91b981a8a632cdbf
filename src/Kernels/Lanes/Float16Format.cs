using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Lanes;

/// <summary>IEEE 754 binary16, converted with integer operations so that every lane does the same.</summary>
internal readonly unsafe struct Float16Format : IFormat
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private const uint SignMask = 0x8000_0000;
    private const uint InfinityBits = 0x7F80_0000;

    /// <summary>The difference of the exponents' biases, 127 - 15, in the exponent's place of a float.</summary>
    private const uint Rebias = 112u << 23;

    /// <summary>The smallest normal binary16; below it numbers are multiples of <see cref="Quantum"/>.</summary>
    private const float SmallestNormal = 6.103515625e-5f;

    private const float Quantum = 5.9604644775390625e-8f;

    public static ElementType Type => ElementType.Float16;

    [MethodImpl(Inline)]
    public static T Round<T>(T value) where T : unmanaged, IFloats<T>
    {
        var magnitude = T.And(value, T.CreateBits(~SignMask));
        var even = T.And(T.ShiftRight(magnitude, 13), T.CreateBits(1));
        var normal = T.And(T.AddBits(magnitude, T.AddBits(even, T.CreateBits(0x0FFF))), T.CreateBits(0xFFFF_E000));
        // Floats in [0.5, 1) are multiples of the quantum, so this addition rounds to one.
        var subnormal = T.Subtract(T.Add(magnitude, T.Create(0.5f)), T.Create(0.5f));
        var rounded = T.Select(T.LessThan(magnitude, T.Create(SmallestNormal)), subnormal, normal);
        rounded = T.Select(T.LessThan(rounded, T.Create(65536f)), rounded, T.CreateBits(InfinityBits));
        rounded = T.Or(rounded, T.And(value, T.CreateBits(SignMask)));
        return T.Select(T.Equal(value, value), rounded, T.CreateBits(0x7FC0_0000));
    }

    [MethodImpl(Inline)]
    public static T Load<T>(void* source, nint index) where T : unmanaged, IFloats<T>
    {
        var bits = T.LoadBits16((ushort*)source + index);
        var sign = T.ShiftLeft(T.And(bits, T.CreateBits(0x8000)), 16);
        var magnitude = T.And(bits, T.CreateBits(0x7FFF));
        var normal = T.AddBits(T.ShiftLeft(magnitude, 13), T.CreateBits(Rebias));
        var subnormal = T.Multiply(T.BitsToFloat(magnitude), T.Create(Quantum));
        var value = T.Select(T.LessThan(normal, T.Create(SmallestNormal)), subnormal, normal);
        // An exponent of all ones landed on 2^16 and above: move it to the float's all ones.
        value = T.Select(T.LessThan(value, T.Create(65536f)), value, T.AddBits(value, T.CreateBits(Rebias)));
        return T.Or(value, sign);
    }

    [MethodImpl(Inline)]
    public static void Store<T>(T value, void* destination, nint index) where T : unmanaged, IFloats<T>
    {
        var sign = T.ShiftRight(T.And(value, T.CreateBits(SignMask)), 16);
        var magnitude = T.And(value, T.CreateBits(~SignMask));
        var normal = T.ShiftRight(T.SubtractBits(magnitude, T.CreateBits(Rebias)), 13);
        var subnormal = T.SubtractBits(T.Add(magnitude, T.Create(0.5f)), T.Create(0.5f));
        var bits = T.Select(T.LessThan(magnitude, T.Create(SmallestNormal)), subnormal, normal);
        bits = T.Select(T.LessThan(magnitude, T.Create(65536f)), bits, T.CreateBits(0x7C00));
        bits = T.Select(T.Equal(magnitude, magnitude), bits, T.CreateBits(0x7E00));
        T.StoreBits16(T.Or(bits, sign), (ushort*)destination + index);
    }
}
