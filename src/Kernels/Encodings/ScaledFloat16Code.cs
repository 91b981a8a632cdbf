using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using ILGPU;
using ILGPU.Util;

namespace GpuOptim.Kernels.Encodings;

/// <summary>What <see cref="ScaledFloat16{TRounding}"/> does to one number and to a block's scale, on any device.</summary>
/// <remarks>
/// The scale is the power of two that takes the block's largest magnitude to 2^14 or above and below 2^15 as a binary16, so that products and quotients with it are
/// exact. Which one that is, is seen after the largest was rounded: what is decoded then has the same scale, and is encoded the same. Stochastic
/// rounding may take the largest up to the next power of two, so it is as if it did.
/// </remarks>
/// <typeparam name="TRounding">How to round.</typeparam>
internal static class ScaledFloat16Code<TRounding> where TRounding : IRounding
{
    /// <summary>The places of a float that a normal binary16 has not.</summary>
    public const int Dropped = 13;

    /// <summary>What is added to the bits of a normal float to have a binary16's in the upper ones, for the difference of the exponents' biases.</summary>
    public const int Rebias = -(int)(Bits16.Rebias >> Dropped);

    /// <summary>A random number of so many bits that decide is multiplied by this to be one from 0 to below 1.</summary>
    public const float RandomStep = 1f / (1 << Dropped);

    private const uint LargestExponent = 14u << 23;

    /// <summary>The scale of a block; NaN if anything in it is not finite, or would not be once rounded.</summary>
    /// <param name="largest">The bits of its largest magnitude.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(uint largest)
    {
        var carried = TRounding.IsStochastic ? largest + 0x1FFFu : largest + 0x0FFFu + ((largest >> Dropped) & 1u);
        var exponent = carried & Blocks.Infinity;
        // The smallest scale is the smallest normal float. A binary16 still has every place then of what is smaller.
        var scale = Interop.IntAsFloat(Utilities.Select(exponent < LargestExponent + Blocks.SmallestNormal, Blocks.SmallestNormal, exponent - LargestExponent));
        scale = Utilities.Select(carried >= Blocks.Infinity, float.NaN, scale);
        return Utilities.Select(largest == 0, 0f, scale);
    }

    /// <summary>One by a scale. A power of two, too; of no scale some number.</summary>
    /// <param name="scale">A scale that is not NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Inverse(float scale) => Interop.IntAsFloat((254u << 23) - Interop.FloatAsInt(scale));

    /// <summary>The bits of a binary16.</summary>
    /// <param name="scaled">The number by its scale.</param>
    /// <param name="random">A random half word; nothing where not stochastic.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Encode(float scaled, ushort random)
    {
        if (!TRounding.IsStochastic)
            return Ptx.FloatToHalf(scaled);
        // Thirteen bits are as many as a normal number loses, so that the chances are exact. Below the normal ones the quantum stays.
        var bits = Interop.FloatAsInt(scaled);
        var drawn = random >> (16 - Dropped);
        var magnitude = bits & Blocks.Magnitude;
        var isSubnormal = magnitude < Bits16.LowestExponent;
        var quanta = Utilities.Select(isSubnormal, Ptx.Multiply(Interop.IntAsFloat(magnitude), 1 / Bits16.Float16Quantum), 0f);
        var subnormal = (int)Ptx.FusedMultiplyAdd(drawn, RandomStep, quanta);
        var normal = (int)((magnitude + (uint)drawn) >> Dropped) + Rebias;
        return (ushort)(((bits >> 16) & 0x8000u) | (uint)Utilities.Select(isSubnormal, subnormal, normal));
    }

    /// <summary>A number by its scale.</summary>
    /// <param name="bits">The bits of a binary16.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Decode(ushort bits) => Ptx.HalfToFloat(bits);
}
