using System.Buffers.Binary;

namespace VirtualCard.Execution.Async;

/// <summary>
/// A CUtensorMap of the tiled mode, as cuTensorMapEncodeTiled makes them: which part of an array in global memory a tensor copy moves. The bits are
/// the virtual card's own.
/// </summary>
public sealed class TensorMap
{
    /// <summary>Of a CUtensorMap.</summary>
    public const int Bytes = 128;

    private const int MaxRank = 5, MaxBox = 256, Granule = 16;

    private const ulong Magic = 0x70614D726F736E54; // "TnsorMap"

    /// <param name="strides">Bytes between neighbors in the dimensions behind the first.</param>
    /// <param name="swizzle">0, 32, 64 or 128 bytes.</param>
    /// <exception cref="ArgumentException">The hardware has no such map.</exception>
    public TensorMap(ulong address, int elementBytes, ReadOnlySpan<uint> extents, ReadOnlySpan<ulong> strides, ReadOnlySpan<uint> box, int swizzle)
    {
        if (extents.Length is < 1 or > MaxRank || strides.Length != extents.Length - 1 || box.Length != extents.Length)
            throw new ArgumentException("tensor map: rank of dims, strides and box");
        var inner = box[0] * (uint)elementBytes;
        if (address % Granule != 0 || inner % Granule != 0 || box.ContainsAnyExceptInRange<uint>(1, MaxBox) || strides.ToArray().Any(stride => stride % Granule != 0))
            throw new ArgumentException("tensor map: address, strides and inner box bytes must be multiples of 16, box <= 256");
        if (swizzle is not (0 or 32 or 64 or 128) || swizzle != 0 && inner > swizzle)
            throw new ArgumentException($"tensor map: inner box of {inner} bytes with {swizzle}-byte swizzle");
        (Address, ElementBytes, Swizzle) = (address, elementBytes, swizzle);
        (Extents, Strides, Box) = (extents.ToArray(), [(ulong)elementBytes, .. strides], box.ToArray());
    }

    public ulong Address { get; }

    public int ElementBytes { get; }

    public int Swizzle { get; }

    public int Rank => Extents.Count;

    /// <summary>Of the array in elements, the innermost dimension first; what lies outside reads as zero and is not written.</summary>
    public IReadOnlyList<uint> Extents { get; }

    /// <summary>Bytes between neighbors in each dimension.</summary>
    public IReadOnlyList<ulong> Strides { get; }

    /// <summary>What a copy moves, in elements.</summary>
    public IReadOnlyList<uint> Box { get; }

    /// <summary>Bytes that a copy moves.</summary>
    internal int BoxBytes
    {
        get
        {
            var bytes = ElementBytes;
            foreach (var extent in Box)
                bytes *= (int)extent;
            return bytes;
        }
    }

    /// <summary>The bits that a kernel takes as its parameter.</summary>
    public byte[] Encode()
    {
        var bits = new byte[Bytes];
        var writer = bits.AsSpan();
        Put(ref writer, Magic, sizeof(ulong));
        Put(ref writer, (ulong)Rank, sizeof(byte));
        Put(ref writer, (ulong)ElementBytes, sizeof(byte));
        Put(ref writer, (ulong)Swizzle, sizeof(ushort));
        Put(ref writer, Address, sizeof(ulong));
        for (var i = 0; i < Rank; i++)
        {
            Put(ref writer, Extents[i], sizeof(uint));
            Put(ref writer, Strides[i], sizeof(ulong));
            Put(ref writer, Box[i], sizeof(ushort));
        }
        return bits;
    }

    /// <summary>The map of such bits; null where they are something else.</summary>
    public static TensorMap? Decode(ReadOnlySpan<byte> bits)
    {
        if (bits.Length < Bytes || Take(ref bits, sizeof(ulong)) != Magic)
            return null;
        var rank = (int)Take(ref bits, sizeof(byte));
        var elementBytes = (int)Take(ref bits, sizeof(byte));
        var swizzle = (int)Take(ref bits, sizeof(ushort));
        var address = Take(ref bits, sizeof(ulong));
        uint[] extents = new uint[rank], box = new uint[rank];
        var strides = new ulong[rank];
        for (var i = 0; i < rank; i++)
        {
            extents[i] = (uint)Take(ref bits, sizeof(uint));
            strides[i] = Take(ref bits, sizeof(ulong));
            box[i] = (uint)Take(ref bits, sizeof(ushort));
        }
        return new(address, elementBytes, extents, strides.AsSpan(1), box, swizzle);
    }

    private static void Put(ref Span<byte> writer, ulong value, int bytes)
    {
        Span<byte> all = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(all, value);
        all[..bytes].CopyTo(writer);
        writer = writer[bytes..];
    }

    private static ulong Take(ref ReadOnlySpan<byte> reader, int bytes)
    {
        Span<byte> all = stackalloc byte[sizeof(ulong)];
        all.Clear();
        reader[..bytes].CopyTo(all);
        reader = reader[bytes..];
        return BinaryPrimitives.ReadUInt64LittleEndian(all);
    }
}
