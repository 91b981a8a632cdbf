using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>A zip archive of which each field may lie.</summary>
internal sealed class HostileArchive
{
    /// <summary>An archive of stored entries, as <see cref="ZipArchive"/> reads it.</summary>
    public HostileArchive(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive));
        foreach (var entry in zip.Entries)
        {
            using var stream = entry.Open();
            var bytes = new byte[entry.Length];
            stream.ReadExactly(bytes);
            Entries.Add(new(entry.FullName, bytes));
        }
    }

    public List<Entry> Entries { get; } = [];

    /// <summary>What the end says instead of the number of entries, and the length and place of the directory.</summary>
    public (long? Count, long? Length, long? Start) End { get; set; }

    /// <summary>Whether the end is written twice, in 64 bits, too.</summary>
    public bool HasWideEnd { get; set; }

    /// <summary>What the place of the wide end is off by.</summary>
    public long WideEndShift { get; set; }

    public byte[] ToArray()
    {
        var stream = new MemoryStream();
        var starts = new List<long>();
        foreach (var entry in Entries)
        {
            starts.Add(stream.Position);
            var local = entry.Local ?? entry.Lengths;
            Write(stream, 0x04034b50u, (ushort)20, entry.Flags, entry.Method, (ushort)0, (ushort)0x21, entry.Crc, Narrow(local.Packed, entry.IsWide), Narrow(local.Plain, entry.IsWide), (ushort)entry.NameBytes.Length, (ushort)(entry.IsWide ? 20 : 0), entry.NameBytes);
            if (entry.IsWide)
                Write(stream, (ushort)1, (ushort)16, local.Plain, local.Packed);
            stream.Write(entry.Bytes);
        }
        var directory = stream.Position;
        foreach (var (entry, start) in Entries.Zip(starts))
        {
            var place = entry.Start ?? start;
            Write(stream, 0x02014b50u, (ushort)20, (ushort)20, entry.Flags, entry.Method, (ushort)0, (ushort)0x21, entry.Crc, Narrow(entry.Lengths.Packed, entry.IsWide), Narrow(entry.Lengths.Plain, entry.IsWide), (ushort)entry.NameBytes.Length,
                (ushort)(entry.IsWide ? 28 : 0), (ushort)0, (ushort)0, (ushort)0, 0u, Narrow(place, entry.IsWide), entry.NameBytes);
            if (entry.IsWide)
                Write(stream, (ushort)1, (ushort)24, entry.Lengths.Plain, entry.Lengths.Packed, place);
        }
        var length = stream.Position - directory;
        var (count, size, from) = (End.Count ?? Entries.Count, End.Length ?? length, End.Start ?? directory);
        if (HasWideEnd)
        {
            var wide = stream.Position + WideEndShift;
            Write(stream, 0x06064b50u, 44L, (ushort)45, (ushort)45, 0u, 0u, count, count, size, from);
            Write(stream, 0x07064b50u, 0u, wide, 1u);
            (count, size, from) = (ushort.MaxValue, uint.MaxValue, uint.MaxValue);
        }
        Write(stream, 0x06054b50u, (ushort)0, (ushort)0, (ushort)count, (ushort)count, (uint)size, (uint)from, (ushort)0);
        return stream.ToArray();
    }

    private static uint Narrow(long number, bool isWide) => isWide ? uint.MaxValue : (uint)number;

    private static void Write(MemoryStream stream, params object[] fields)
    {
        Span<byte> bytes = stackalloc byte[8];
        foreach (var field in fields)
        {
            switch (field)
            {
                case byte[] raw: stream.Write(raw); continue;
                case ushort number: BinaryPrimitives.WriteUInt16LittleEndian(bytes, number); stream.Write(bytes[..2]); continue;
                case uint number: BinaryPrimitives.WriteUInt32LittleEndian(bytes, number); stream.Write(bytes[..4]); continue;
                case long number: BinaryPrimitives.WriteInt64LittleEndian(bytes, number); stream.Write(bytes); continue;
                default: throw new ArgumentException($"Field {field}", nameof(fields));
            }
        }
    }

    /// <summary>An entry of which each field may lie.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">Its bytes as they are in the file.</param>
    internal sealed class Entry(string name, byte[] bytes)
    {
        public string Name { get; } = name;

        public byte[] NameBytes { get; set; } = Encoding.UTF8.GetBytes(name);

        public byte[] Bytes { get; private set; } = bytes;

        public uint Crc { get; set; } = Crc32.HashToUInt32(bytes);

        public (long Packed, long Plain) Lengths { get; set; } = (bytes.Length, bytes.Length);

        /// <summary>What the header before the bytes says instead.</summary>
        public (long Packed, long Plain)? Local { get; set; }

        public ushort Method { get; set; }

        public ushort Flags { get; set; }

        /// <summary>Where the directory says that it begins.</summary>
        public long? Start { get; set; }

        /// <summary>Whether lengths and place are in 64 bits.</summary>
        public bool IsWide { get; set; }

        /// <summary>Other bytes, with the right sum.</summary>
        public void Set(byte[] bytes) => (Bytes, Crc, Lengths) = (bytes, Crc32.HashToUInt32(bytes), (bytes.Length, bytes.Length));

        /// <summary>Compressed, as it should be.</summary>
        public void Deflate(byte[] plain)
        {
            var packed = new MemoryStream();
            using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                deflate.Write(plain);
            (Bytes, Crc, Lengths, Method) = (packed.ToArray(), Crc32.HashToUInt32(plain), (packed.Length, plain.Length), 8);
        }
    }
}
