using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GpuOptim.Kernels.Ilgpu;
using ILGPU.Util;

namespace GpuOptim.Kernels.Encodings;

/// <summary>Philox4x32-10, which makes random bits of a counter and a key, and keeps nothing in between.</summary>
/// <remarks>
/// Source: Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011), and their Random123. A block is the four words of one
/// counter, the half words of eight elements.
/// </remarks>
internal static unsafe class Philox
{
    /// <summary>Elements of one block.</summary>
    public const int BlockLength = 8;

    private const int Rounds = 10;
    private const uint Multiplier0 = 0xD251_1F53;
    private const uint Multiplier1 = 0xCD9E_8D57;
    private const uint Weyl0 = 0x9E37_79B9;
    private const uint Weyl1 = 0xBB67_AE85;

    /// <summary>The widest vectors work on eight blocks at a time.</summary>
    private const int FillLength = 8 * BlockLength;

    /// <summary>The four words of a counter. A GPU's threads call it, too.</summary>
    public static UInt4 Block(UInt4 counter, uint key0, uint key1)
    {
        for (var round = 0; round < Rounds; round++)
        {
            counter = new(
                Ptx.MultiplyHigh(Multiplier1, counter.Z) ^ counter.Y ^ key0,
                Multiplier1 * counter.Z,
                Ptx.MultiplyHigh(Multiplier0, counter.X) ^ counter.W ^ key1,
                Multiplier0 * counter.X);
            key0 += Weyl0;
            key1 += Weyl1;
        }
        return counter;
    }

    /// <summary>The half words of eight elements, lower halves first.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="block">An eighth of the first element's index in the whole tensor.</param>
    public static UInt4 Block(in RandomStream stream, long block) =>
        Block(new((uint)block, (uint)(block >> 32), stream.Step, stream.Use), (uint)stream.Key, (uint)(stream.Key >> 32));

    /// <summary>The sixteen bits of one element.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="element">The element's index in the whole tensor.</param>
    public static uint Bits(in RandomStream stream, long element)
    {
        var block = Block(stream, element >> 3);
        var lower = Utilities.Select((element & 2) == 0, block.X, block.Y);
        var upper = Utilities.Select((element & 2) == 0, block.Z, block.W);
        var word = Utilities.Select((element & 4) == 0, lower, upper);
        return (word >> (16 * (int)(element & 1))) & 0xFFFF;
    }

    /// <summary>How many half words <see cref="Fill"/> may write for so many elements: it writes whole blocks, and as many as a vector holds.</summary>
    public static int RoomFor(int length) => (length + BlockLength - 1 + FillLength - 1) / FillLength * FillLength;

    /// <summary>Writes the half words of consecutive elements.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="offset">The first of the elements, from the stream's start.</param>
    /// <param name="length">How many elements there are.</param>
    /// <param name="buffer">Takes them, and others before and behind; it has <see cref="RoomFor"/> them.</param>
    /// <param name="vectorBits">Width of the vectors to use, in bits. The result is the same with each.</param>
    /// <returns>Where in the buffer the first element's half word is.</returns>
    public static ushort* Fill(in RandomStream stream, int offset, int length, ushort* buffer, int vectorBits)
    {
        var first = stream.Start + offset;
        var (block, skipped) = (first / BlockLength, (int)(first % BlockLength));
        var end = buffer + skipped + length;
        if (vectorBits == 512 && Avx512F.IsSupported)
            Fill512(stream, block, buffer, end);
        else if (vectorBits >= 256 && Avx2.IsSupported)
            Fill256(stream, block, buffer, end);
        else
            FillOneByOne(stream, block, buffer, end);
        return buffer + skipped;
    }

    private static void FillOneByOne(in RandomStream stream, long block, ushort* buffer, ushort* end)
    {
        for (; buffer < end; buffer += BlockLength)
            *(UInt4*)buffer = Block(stream, block++);
    }

    // A word takes 64 bits, of which the upper hold anything: that is how the widening multiplication wants it, and leaves the lower half of the
    // product where it is. Of a block's words each is in a vector of its own. Blocks are in such an order that the unpacking at the end, which stays
    // within 128 bits, has them in sequence.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Fill256(in RandomStream stream, long block, ushort* buffer, ushort* end)
    {
        var room = stackalloc Vector256<uint>[2 * Rounds + 1];
        var keys = (Vector256<uint>*)(((nint)room + 31) & ~31);
        for (var round = 0u; round < Rounds; round++)
        {
            keys[2 * round] = Vector256.Create((uint)stream.Key + round * Weyl0);
            keys[2 * round + 1] = Vector256.Create((uint)(stream.Key >> 32) + round * Weyl1);
        }
        var (multiplier0, multiplier1) = (Vector256.Create(Multiplier0), Vector256.Create(Multiplier1));
        var (step, use) = (Vector256.Create(stream.Step), Vector256.Create(stream.Use));
        var blocks = Vector256.Create(block) + Vector256.Create(0L, 2, 1, 3);
        for (; buffer < end; buffer += 4 * BlockLength)
        {
            var (x, y, z, w) = (blocks.AsUInt32(), (blocks >>> 32).AsUInt32(), step, use);
            for (var key = keys; key < keys + 2 * Rounds; key += 2)
            {
                var (product0, product1) = (Avx2.Multiply(multiplier0, x), Avx2.Multiply(multiplier1, z));
                x = (product1 >>> 32).AsUInt32() ^ (y ^ key[0]);
                y = product1.AsUInt32();
                z = (product0 >>> 32).AsUInt32() ^ (w ^ key[1]);
                w = product0.AsUInt32();
            }
            var lower = Avx2.Blend(x, (y.AsUInt64() << 32).AsUInt32(), 0b1010_1010).AsUInt64();
            var upper = Avx2.Blend(z, (w.AsUInt64() << 32).AsUInt32(), 0b1010_1010).AsUInt64();
            Avx2.UnpackLow(lower, upper).Store((ulong*)buffer);
            Avx2.UnpackHigh(lower, upper).Store((ulong*)(buffer + 2 * BlockLength));
            blocks += Vector256.Create(4L);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Fill512(in RandomStream stream, long block, ushort* buffer, ushort* end)
    {
        var room = stackalloc Vector512<uint>[2 * Rounds + 1];
        var keys = (Vector512<uint>*)(((nint)room + 63) & ~63);
        for (var round = 0u; round < Rounds; round++)
        {
            keys[2 * round] = Vector512.Create((uint)stream.Key + round * Weyl0);
            keys[2 * round + 1] = Vector512.Create((uint)(stream.Key >> 32) + round * Weyl1);
        }
        var (multiplier0, multiplier1) = (Vector512.Create(Multiplier0), Vector512.Create(Multiplier1));
        var (step, use) = (Vector512.Create(stream.Step), Vector512.Create(stream.Use));
        var blocks = Vector512.Create(block) + Vector512.Create(0L, 4, 1, 5, 2, 6, 3, 7);
        for (; buffer < end; buffer += 8 * BlockLength)
        {
            var (x, y, z, w) = (blocks.AsUInt32(), (blocks >>> 32).AsUInt32(), step, use);
            for (var key = keys; key < keys + 2 * Rounds; key += 2)
            {
                var (product0, product1) = (Avx512F.Multiply(multiplier0, x), Avx512F.Multiply(multiplier1, z));
                x = (product1 >>> 32).AsUInt32() ^ y ^ key[0];
                y = product1.AsUInt32();
                z = (product0 >>> 32).AsUInt32() ^ w ^ key[1];
                w = product0.AsUInt32();
            }
            var lower = Vector512.ConditionalSelect(Vector512.Create(0xFFFF_FFFFul), x.AsUInt64(), y.AsUInt64() << 32);
            var upper = Vector512.ConditionalSelect(Vector512.Create(0xFFFF_FFFFul), z.AsUInt64(), w.AsUInt64() << 32);
            Avx512F.UnpackLow(lower, upper).Store((ulong*)buffer);
            Avx512F.UnpackHigh(lower, upper).Store((ulong*)(buffer + 4 * BlockLength));
            blocks += Vector512.Create(8L);
        }
    }
}
