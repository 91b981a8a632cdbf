using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Encodings;
using ILGPU;
using ILGPU.Util;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>The random half words of a thread's eight elements.</summary>
/// <param name="lower">Those of the first four, lower halves first.</param>
/// <param name="upper">Those of the second four.</param>
internal struct GpuRandom(UInt2 lower, UInt2 upper)
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public UInt2 Lower = lower;
    public UInt2 Upper = upper;

    /// <summary>Those of a warp's block, by all of its threads.</summary>
    /// <param name="stream">The stream, from the chunk's start on.</param>
    /// <param name="place">The elements.</param>
    /// <param name="lane">The thread in its warp.</param>
    [MethodImpl(Inline)]
    public static GpuRandom OfWarp(RandomStream stream, GpuPlace place, int lane)
    {
        if ((stream.Start & 7) != 0)
            return new(OfFour(stream, place.Lower), OfFour(stream, place.Upper));
        // Eight elements that share a block of Philox's are four of each of two threads: one makes the block of their first fours, one that of their second.
        var isOdd = (lane & 1) != 0;
        var block = Philox.Block(stream, (stream.Start + Utilities.Select(isOdd, place.Upper, place.Lower)) >> 3);
        UInt2 first = new(block.X, block.Y), second = new(block.Z, block.W);
        var (x, y) = (Warp.ShuffleXor(Utilities.Select(isOdd, first.X, second.X), 1), Warp.ShuffleXor(Utilities.Select(isOdd, first.Y, second.Y), 1));
        return new(
            new(Utilities.Select(isOdd, x, first.X), Utilities.Select(isOdd, y, first.Y)),
            new(Utilities.Select(isOdd, second.X, x), Utilities.Select(isOdd, second.Y, y)));
    }

    /// <summary>Those of any elements, by one thread.</summary>
    [MethodImpl(Inline)]
    public static GpuRandom Of(RandomStream stream, GpuPlace place) => new(OfFour(stream, place.Lower), OfFour(stream, place.Upper));

    /// <summary>One of four.</summary>
    [MethodImpl(Inline)]
    public static uint Get(UInt2 four, int index) => index == 0 ? four.X & 0xFFFF : index == 1 ? four.X >> 16 : index == 2 ? four.Y & 0xFFFF : four.Y >> 16;

    /// <summary>Four neighbours, wherever they begin: they may be of two blocks.</summary>
    [MethodImpl(Inline)]
    private static UInt2 OfFour(RandomStream stream, int i)
    {
        var element = stream.Start + i;
        var first = Philox.Block(stream, element >> 3);
        var second = first;
        if ((element & 7) > 4)
            second = Philox.Block(stream, (element >> 3) + 1);
        bool skipsFour = (element & 4) != 0, skipsTwo = (element & 2) != 0, skipsOne = (element & 1) != 0;
        uint x = Utilities.Select(skipsFour, first.Z, first.X), y = Utilities.Select(skipsFour, first.W, first.Y);
        uint z = Utilities.Select(skipsFour, second.X, first.Z), w = Utilities.Select(skipsFour, second.Y, first.W);
        x = Utilities.Select(skipsTwo, y, x);
        y = Utilities.Select(skipsTwo, z, y);
        z = Utilities.Select(skipsTwo, w, z);
        return new(Utilities.Select(skipsOne, (x >> 16) | (y << 16), x), Utilities.Select(skipsOne, (y >> 16) | (z << 16), y));
    }
}
