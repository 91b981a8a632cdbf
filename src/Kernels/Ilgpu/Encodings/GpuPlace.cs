using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Encodings;
using ILGPU.Util;

namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>The eight elements of a thread: twice four neighbours. A warp's first fours are neighbours, and so are its second ones: a block in all.</summary>
/// <param name="lower">The first element of the first four, from the chunk's start.</param>
/// <param name="upper">That of the second four.</param>
/// <param name="end">Where the tensor's elements of the chunk end.</param>
/// <param name="isWide">1 if four neighbours are reached at once: they are all there, and aligned. Else one by one, as many as there are.</param>
internal struct GpuPlace(int lower, int upper, int end, int isWide)
{
    public int Lower = lower;
    public int Upper = upper;
    public int End = end;
    public int IsWide = isWide;

    /// <summary>Threads of a warp, which take a block.</summary>
    public const int Warp = 32;

    /// <summary>Elements of a thread.</summary>
    public const int Length = 8;

    /// <summary>Those of a thread of the warp that takes a block.</summary>
    /// <param name="block">The block's first element.</param>
    /// <param name="lane">The thread.</param>
    /// <param name="end">Where the tensor's elements of the chunk end.</param>
    /// <param name="isAligned">1 if its memory is aligned.</param>
    /// <remarks>All of a warp reach alike. One text for both ways takes the compiler half as long as two, and a branch at each load and store.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuPlace OfLane(int block, int lane, int end, int isAligned) => new(
        block + lane * (Length / 2),
        block + EncodedStretch.BlockLength / 2 + lane * (Length / 2),
        end,
        Utilities.Select(block + EncodedStretch.BlockLength <= end, isAligned, 0));
}
