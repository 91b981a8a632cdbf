namespace GpuOptim.Kernels.Lanes;

/// <summary>Constants of the 16-bit formats, for conversions with vectors of 32-bit integers and floats.</summary>
/// <remarks>
/// A bfloat16 is rounded by adding half of its last place, less one where that place is even, to the representation: that carries exactly
/// when nearest-even rounds up. In registers a binary16 is rounded by adding and subtracting a number so large (1.5 times 2^13 times the
/// value's power of two) that the sum has just binary16's places; values below the smallest normal share its power of two, so they round
/// to multiples of the quantum.
/// To and from memory the exponent is moved up as far as it goes, by 224: there infinity and NaN have a float's own exponent for them, and
/// a multiplication by 2^-112 brings every normal number to its place. A subnormal comes out as if it had the implicit one; with x the
/// value so read, it is 2x - 2^-14, which is the lesser of the two just where x is below 2^-14. Back, it is the larger of x and
/// x/2 + 2^-15. (The processors have an instruction for this, .NET does not.)
/// </remarks>
internal static class Bits16
{
    /// <summary>A float's exponent bits, all ones.</summary>
    public const uint InfinityBits = 0x7F80_0000;

    /// <summary>The difference of the exponents' biases, 127 - 15, in the exponent's place of a float.</summary>
    public const uint Rebias = 112u << 23;

    /// <summary>The smallest binary16 above zero, 2^-24.</summary>
    public const float Float16Quantum = 5.9604644775390625e-8f;

    /// <summary>The smallest normal binary16, 2^-14.</summary>
    public const float Float16SmallestNormal = 6.103515625e-5f;

    /// <summary>What rounds to infinity: halfway from the largest binary16 to 2^16.</summary>
    public const float Float16Overflow = 65520f;

    /// <summary>The exponent of <see cref="Float16SmallestNormal"/>, in place.</summary>
    public const uint LowestExponent = (127u - 14) << 23;

    /// <summary>What turns an exponent in place into 1.5 times 2^13 times its power of two.</summary>
    public const uint ShifterAbove = (13u << 23) + 0x0040_0000;

    /// <summary>The bits of a binary16's exponent and fraction, where a float has the lower of them.</summary>
    public const int MagnitudeInPlace = 0x7FFF << 13;

    /// <summary>The exponent 224, in place: 255 - 31.</summary>
    public const int LargeExponent = 224 << 23;

    /// <summary>2^-112, from exponents moved up by 224 to those moved by 112, the difference of the biases.</summary>
    public const float FromLarge = 1.925929944387236e-34f;
}
