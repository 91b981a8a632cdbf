using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>
/// Writes values and tensors in the zip format of <c>torch.save</c>, piece by piece: entries are stored, and their bytes begin at multiples
/// of 64, so that PyTorch can map them into memory. What that takes, room in an extra field, <see cref="System.IO.Compression"/> does not offer.
/// </summary>
/// <remarks>Source: PKWARE, <i>APPNOTE</i> 6.3.10, sections 4.3 and 4.5.3; the padding is PyTorch's, <c>caffe2/serialize/inline_container.cc</c>.</remarks>
internal sealed class TorchArchiveWriter
{
    /// <summary>What the first bytes of entries are multiples of.</summary>
    public const int Alignment = 64;

    private const string Folder = "archive/";
    private const uint LocalSignature = 0x04034b50, DirectorySignature = 0x02014b50, EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50;
    private const ushort Version64 = 45, Utf8Flag = 0x0800, NewYear1980 = 0x0021, Extra64 = 0x0001, ExtraPadding = 0x4246;

    private readonly Stream _stream;
    private readonly long _origin;
    private readonly Transfer? _transfer;
    private readonly List<(byte[] Name, long Start, long Length, uint Crc)> _entries = [];
    private readonly byte[] _piece = new byte[StateTensor.PieceLength];

    private TorchArchiveWriter(Stream stream, Transfer? transfer) => (_stream, _origin, _transfer) = (stream, stream.Position, transfer);

    /// <summary>Where the next byte goes, in the archive.</summary>
    private long Position => _stream.Position - _origin;

    /// <summary>Writes a file.</summary>
    /// <param name="stream">Where to, from where it stands.</param>
    /// <param name="pickle">The value.</param>
    /// <param name="storages">The storages.</param>
    /// <param name="transfer">Is told what is written of the storages.</param>
    public static void Write(Stream stream, byte[] pickle, IReadOnlyList<TensorBytes> storages, Transfer? transfer = null) =>
        TemporaryFile.Through(stream, seekable => WriteSeeking(seekable, pickle, storages, transfer));

    private static void WriteSeeking(Stream stream, byte[] pickle, IReadOnlyList<TensorBytes> storages, Transfer? transfer)
    {
        var writer = new TorchArchiveWriter(stream, transfer);
        writer.Entry(TorchArchive.Pickle, new TensorBytes.OnHost(pickle));
        writer.Entry(TorchArchive.ByteOrder, new TensorBytes.OnHost(Encoding.ASCII.GetBytes(TorchArchive.LittleEndian)));
        for (var i = 0; i < storages.Count; i++)
            writer.Entry($"{TorchArchive.StorageFolder}{i}", storages[i], isStorage: true);
        writer.Entry("version", new TensorBytes.OnHost("3\n"u8.ToArray()));
        writer.Directory();
        transfer?.Complete();
    }

    private void Entry(string name, TensorBytes bytes, bool isStorage = false)
    {
        var encoded = Encoding.UTF8.GetBytes(Folder + name);
        var start = Position;
        _stream.Write(Local(encoded, start, bytes.Length, crc: 0));
        var crc = new Crc32();
        for (var offset = 0L; offset < bytes.Length; offset += _piece.Length)
        {
            var part = _piece.AsSpan(0, (int)Math.Min(_piece.Length, bytes.Length - offset));
            bytes.Read(offset, part);
            crc.Append(part);
            _stream.Write(part);
            if (isStorage)
                _transfer?.Advance(part.Length);
        }
        var end = _stream.Position;
        _entries.Add((encoded, start, bytes.Length, crc.GetCurrentHashAsUInt32()));
        _stream.Position = _origin + start;
        _stream.Write(Local(encoded, start, bytes.Length, crc.GetCurrentHashAsUInt32()));
        _stream.Position = end;
    }

    /// <summary>What stands before an entry's bytes: fields of 2 and 4 bytes, the name, and extra fields, the last of which pads.</summary>
    private static byte[] Local(byte[] name, long start, long length, uint crc)
    {
        var isLong = length >= uint.MaxValue;
        using var header = new MemoryStream();
        Int32(header, LocalSignature);
        Common(header, name, length, crc);
        var padding = Alignment - 1 - (int)((start + header.Length + sizeof(ushort) + name.Length + (isLong ? 20 : 0) + 4 + Alignment - 1) % Alignment);
        Int16(header, (ushort)((isLong ? 20 : 0) + 4 + padding));
        header.Write(name);
        if (isLong)
        {
            Int16(header, Extra64);
            Int16(header, 16);
            Int64(header, length);
            Int64(header, length);
        }
        Int16(header, ExtraPadding);
        Int16(header, (ushort)padding);
        header.Write(Enumerable.Repeat((byte)'Z', padding).ToArray());
        return header.ToArray();
    }

    /// <summary>The fields that an entry's header and the directory share: from the version that can read it to the name's length.</summary>
    private static void Common(MemoryStream to, byte[] name, long length, uint crc)
    {
        Int16(to, Version64);
        Int16(to, Utf8Flag);
        Int16(to, 0); // stored
        Int16(to, 0); // midnight
        Int16(to, NewYear1980);
        Int32(to, crc);
        Int32(to, Short(length));
        Int32(to, Short(length));
        Int16(to, (ushort)name.Length);
    }

    private void Directory()
    {
        var start = Position;
        using var directory = new MemoryStream();
        foreach (var (name, place, length, crc) in _entries)
        {
            long[] wide = [.. length >= uint.MaxValue ? [length, length] : (long[])[], .. place >= uint.MaxValue ? [place] : (long[])[]];
            Int32(directory, DirectorySignature);
            Int16(directory, Version64);
            Common(directory, name, length, crc);
            Int16(directory, (ushort)(wide.Length > 0 ? 4 + wide.Length * sizeof(long) : 0));
            Int16(directory, 0); // no comment
            Int16(directory, 0); // the first disk
            Int16(directory, 0); // no text
            Int32(directory, 0); // no attributes
            Int32(directory, Short(place));
            directory.Write(name);
            if (wide.Length > 0)
            {
                Int16(directory, Extra64);
                Int16(directory, (ushort)(wide.Length * sizeof(long)));
                foreach (var value in wide)
                    Int64(directory, value);
            }
        }

        var (size, end) = (directory.Length, start + directory.Length);
        Int32(directory, End64Signature);
        Int64(directory, 44);
        Int16(directory, Version64);
        Int16(directory, Version64);
        Int32(directory, 0);
        Int32(directory, 0);
        Int64(directory, _entries.Count);
        Int64(directory, _entries.Count);
        Int64(directory, size);
        Int64(directory, start);
        Int32(directory, Locator64Signature);
        Int32(directory, 0);
        Int64(directory, end);
        Int32(directory, 1);
        Int32(directory, EndSignature);
        Int32(directory, 0); // the first disk, twice
        Int16(directory, (ushort)Math.Min(_entries.Count, ushort.MaxValue));
        Int16(directory, (ushort)Math.Min(_entries.Count, ushort.MaxValue));
        Int32(directory, Short(size));
        Int32(directory, Short(start));
        Int16(directory, 0); // no comment
        directory.WriteTo(_stream);
    }

    /// <summary>A number that does not fit stands elsewhere, in 8 bytes.</summary>
    private static uint Short(long value) => (uint)Math.Min(value, uint.MaxValue);

    private static void Int16(MemoryStream to, ushort value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        to.Write(bytes);
    }

    private static void Int32(MemoryStream to, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        to.Write(bytes);
    }

    private static void Int64(MemoryStream to, long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        to.Write(bytes);
    }
}
