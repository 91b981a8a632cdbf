using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GpuOptim.Kernels.Encodings;

/// <summary>What encodings with a scale for each block of numbers have in common.</summary>
internal static unsafe class Blocks
{
    /// <summary>The bits of a float that are not its sign.</summary>
    public const uint Magnitude = 0x7FFF_FFFF;

    /// <summary>The bits of infinity. Those of a magnitude that is not finite are no less.</summary>
    public const uint Infinity = 0x7F80_0000;

    /// <summary>The bits of the smallest normal float.</summary>
    public const uint SmallestNormal = 0x0080_0000;

    /// <summary>The bits of the largest magnitude. As integers they order as the numbers do, with infinity and NaN last.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="length">How many there are.</param>
    /// <param name="vectorBits">Width of the vectors to use, in bits.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Largest(float* values, int length, int vectorBits)
    {
        var bits = (uint*)values;
        nint i = 0;
        uint largest = 0;
        if (vectorBits >= 512 && Vector512.IsHardwareAccelerated)
        {
            Vector512<uint> first = default, second = default;
            for (; i <= length - 32; i += 32)
            {
                first = Vector512.Max(first, Vector512.Load(bits + i) & Vector512.Create(Magnitude));
                second = Vector512.Max(second, Vector512.Load(bits + i + 16) & Vector512.Create(Magnitude));
            }
            first = Vector512.Max(first, second);
            largest = Largest(Vector256.Max(first.GetLower(), first.GetUpper()));
        }
        else if (vectorBits >= 256 && Vector256.IsHardwareAccelerated)
        {
            Vector256<uint> first = default, second = default;
            for (; i <= length - 32; i += 32)
            {
                first = Vector256.Max(first, Vector256.Load(bits + i) & Vector256.Create(Magnitude));
                second = Vector256.Max(second, Vector256.Load(bits + i + 8) & Vector256.Create(Magnitude));
                first = Vector256.Max(first, Vector256.Load(bits + i + 16) & Vector256.Create(Magnitude));
                second = Vector256.Max(second, Vector256.Load(bits + i + 24) & Vector256.Create(Magnitude));
            }
            largest = Largest(Vector256.Max(first, second));
        }
        for (; i < length; i++)
            largest = Math.Max(largest, bits[i] & Magnitude);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Largest(Vector256<uint> lanes)
    {
        var four = Vector128.Max(lanes.GetLower(), lanes.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2u, 3, 0, 1)));
        return Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1u, 0, 3, 2))).ToScalar();
    }
}
