namespace GpuOptim.Kernels.Lanes;

/// <summary>Constants of the 16-bit formats, for conversions with vectors of 32-bit integers and floats.</summary>
/// <remarks>
/// A bfloat16 is rounded by adding half of its last place, less one where that place is even, to the representation: that carries exactly
/// when nearest-even rounds up. A binary16 is rounded by adding and subtracting a number so large (1.5 times 2^13 times the value's power
/// of two) that the sum has just binary16's places; values below the smallest normal share its power of two, so they round to multiples
/// of the quantum. Multiplying by 2^112 and back then turns into infinity what is 2^16 or more.
/// </remarks>
internal static class Bits16
{
    /// <summary>A float's exponent bits, all ones.</summary>
    public const uint InfinityBits = 0x7F80_0000;

    /// <summary>The difference of the exponents' biases, 127 - 15, in the exponent's place of a float.</summary>
    public const uint Rebias = 112u << 23;

    /// <summary>The smallest normal binary16, 2^-14.</summary>
    public const float Float16SmallestNormal = 6.103515625e-5f;

    /// <summary>The smallest binary16 above zero, 2^-24.</summary>
    public const float Float16Quantum = 5.9604644775390625e-8f;

    /// <summary>The exponent of <see cref="Float16SmallestNormal"/>, in place.</summary>
    public const uint LowestExponent = (127u - 14) << 23;

    /// <summary>An exponent beyond binary16's range from which the shifter is still finite, in place.</summary>
    public const uint HighestExponent = (127u + 17) << 23;

    /// <summary>What turns an exponent in place into 1.5 times 2^13 times its power of two.</summary>
    public const uint ShifterAbove = (13u << 23) + 0x0040_0000;

    /// <summary>2^112: takes 2^16 just over the largest float.</summary>
    public const float OverflowScale = 5.192296858534828e33f;
}
