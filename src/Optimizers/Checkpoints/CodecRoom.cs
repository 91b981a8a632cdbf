using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Room for a stretch of numbers that are encoded or decoded on their way between memory and a file.</summary>
/// <param name="codec">What encodes and decodes them.</param>
internal sealed unsafe class CodecRoom(Codec codec) : IDisposable
{
    /// <summary>Numbers of a stretch: of whole blocks.</summary>
    public const int Length = 64 * EncodedStretch.BlockLength;

    /// <summary>A number, its companion and its float have at most four bytes each.</summary>
    private const int MaxSize = sizeof(float);

    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(3 * Length * MaxSize, 64);

    /// <summary>Its floats.</summary>
    public Span<byte> Floats(int count) => new(_memory, count * sizeof(float));

    /// <summary>Its numbers as they are encoded.</summary>
    public Span<byte> Numbers(int count) => new(_memory + Length * MaxSize, count * codec.NumberSize);

    /// <summary>What of the second tensor belongs to them.</summary>
    public Span<byte> Companion(int count) => new(_memory + 2 * Length * MaxSize, Items(count, codec.CompanionEvery) * codec.CompanionSize);

    /// <summary>Makes the numbers floats.</summary>
    public void Decode(int count) =>
        codec.Decode((nint)_memory + Length * MaxSize, (nint)_memory + 2 * Length * MaxSize, 0, count, (float*)_memory, SimdDevice.VectorWidths[0]);

    /// <summary>Makes the floats numbers, which leaves the floats as it may be.</summary>
    public void Encode(int count) =>
        codec.Encode((nint)_memory + Length * MaxSize, (nint)_memory + 2 * Length * MaxSize, 0, count, (float*)_memory, default, SimdDevice.VectorWidths[0]);

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    /// <summary>How many numbers are to be looked at from a place on: no more than a stretch, to the end of the block that the last one is in.</summary>
    /// <param name="start">The place, where a block begins.</param>
    /// <param name="end">The end of those that are asked for.</param>
    /// <param name="total">The end of all.</param>
    public static int Count(long start, long end, long total) =>
        (int)Math.Min(Length, Math.Min(total, Items(end, EncodedStretch.BlockLength) * EncodedStretch.BlockLength) - start);

    /// <summary>Copies what was asked for of a stretch.</summary>
    /// <param name="stretch">The stretch, from some byte of its tensor on.</param>
    /// <param name="start">That byte.</param>
    /// <param name="offset">The first byte that was asked for.</param>
    /// <param name="destination">Takes what was asked for.</param>
    public static void Copy(ReadOnlySpan<byte> stretch, long start, long offset, Span<byte> destination)
    {
        var (first, end) = (Math.Max(start, offset), Math.Min(start + stretch.Length, offset + destination.Length));
        if (first < end)
            stretch[(int)(first - start)..(int)(end - start)].CopyTo(destination[(int)(first - offset)..]);
    }

    /// <summary>How many items some numbers have.</summary>
    /// <param name="count">The numbers.</param>
    /// <param name="every">How many numbers an item is for.</param>
    public static long Items(long count, int every) => (count + every - 1) / every;

    private static int Items(int count, int every) => (count + every - 1) / every;
}
