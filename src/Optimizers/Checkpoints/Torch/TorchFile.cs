using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Numerics;
using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>A PyTorch file, open for reading: the value that was saved, and the storages that its tensors look into.</summary>
internal sealed class TorchFile : IDisposable
{
    private readonly ByteSource _source;
    private readonly TorchContent _content;
    private (TorchTensor Tensor, byte[] Bytes)? _gathered;

    private TorchFile(ByteSource source, TorchContent content) => (_source, _content) = (source, content);

    /// <summary>What was saved: null, flags, numbers, texts, lists, tuples (arrays), dictionaries and tensors.</summary>
    public object? Root => _content.Root;

    /// <summary>Opens a file and checks its structure.</summary>
    /// <exception cref="InvalidDataException">It is none, or damaged.</exception>
    public static TorchFile Open(string path) => Open(ByteSource.Open(path));

    /// <summary>Opens a stream, from where it stands to its end; it stays open. What cannot seek goes by way of a temporary file.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">What messages call it.</param>
    /// <inheritdoc cref="Open(string)"/>
    public static TorchFile Open(Stream stream, string name) => Open(ByteSource.Of(stream, name));

    private static TorchFile Open(ByteSource source)
    {
        try
        {
            var stream = source.AsStream();
            var first = stream.ReadByte();
            stream.Position = 0;
            return new(source, first switch
            {
                'P' => TorchArchive.Read(stream),
                PickleReader.Protocol => TorchLegacyFile.Read(stream),
                _ => throw new InvalidDataException($"A PyTorch file must be a zip archive or begin with a pickle. Actual first byte was {first}"),
            });
        }
        catch (Exception failure)
        {
            source.Dispose();
            if (failure is InvalidDataException)
                throw ByteSource.Damaged(source.Name, failure.Message, failure);
            throw;
        }
    }

    /// <summary>What messages call it.</summary>
    public string Name => _source.Name;

    /// <summary>Bytes that have a CRC-32.</summary>
    public long Length => _content.Entries.Sum(entry => entry.Length);

    /// <summary>Compares each entry with its CRC-32. The legacy format has none.</summary>
    /// <param name="transfer">Is told what was read.</param>
    /// <exception cref="InvalidDataException">One is damaged.</exception>
    public void Verify(Transfer? transfer = null)
    {
        foreach (var entry in _content.Entries)
            Verify(_source, entry, transfer);
    }

    /// <inheritdoc cref="Verify(Transfer)"/>
    public static void Verify(ByteSource source, TorchEntry entry, Transfer? transfer = null)
    {
        if (entry.Crc is not { } expected)
            return;
        var crc = new Crc32();
        var piece = new byte[Math.Min(entry.Length, StateTensor.PieceLength)];
        for (var offset = 0L; offset < entry.Length; offset += piece.Length)
        {
            var part = piece.AsSpan(0, (int)Math.Min(piece.Length, entry.Length - offset));
            Read(source, entry, offset, part);
            crc.Append(part);
            transfer?.Advance(part.Length);
        }
        if (crc.GetCurrentHashAsUInt32() is var actual && actual != expected)
            throw new InvalidDataException($"Entry '{entry.Name}' is damaged: its CRC-32 must be {expected:x8}. Actual value was {actual:x8}");
    }

    /// <summary>Reads bytes of a tensor, row by row.</summary>
    public void Read(TorchTensor tensor, long offset, Span<byte> destination)
    {
        if (tensor.IsContiguous)
            Read(_source, _content.Storages[tensor.Storage.Key], tensor.Offset * tensor.Element.Size + offset, destination);
        else
            Gather(tensor).AsSpan((int)offset, destination.Length).CopyTo(destination);
    }

    /// <summary>A tensor whose bytes are still in the file.</summary>
    public FileTensor Content(TorchTensor tensor) => new(tensor.Element.Name, tensor.Shape, what =>
        tensor.IsContiguous || Math.Max(tensor.Reach, tensor.Count) <= Array.MaxLength / tensor.Element.Size
            ? new TorchBytes(this, tensor)
            : throw new InvalidDataException($"{what} is not contiguous, and must then take at most {Array.MaxLength} bytes: save tensor.contiguous(). Actual shape and strides were {Parameter.Describe(tensor.Shape)} and {Parameter.Describe(tensor.Strides)}"));

    /// <summary>A value as a number, which PyTorch may have in a tensor; null if it is none.</summary>
    public double? Number(object? value)
    {
        if (value is not TorchTensor { Count: 1 } tensor)
        {
            return value switch
            {
                long or double => Convert.ToDouble(value, CultureInfo.InvariantCulture),
                BigInteger whole => (double)whole,
                _ => null,
            };
        }
        Span<byte> bytes = stackalloc byte[tensor.Element.Size];
        Read(tensor, 0, bytes);
        return tensor.Element.Name switch
        {
            "Float32" => BinaryPrimitives.ReadSingleLittleEndian(bytes),
            "Float64" => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            "Float16" => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
            "BFloat16" => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(bytes) << 16),
            "Int64" => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            "Int32" => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            "Int16" => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            "Int8" => (sbyte)bytes[0],
            "UInt8" => bytes[0],
            "UInt16" => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            "UInt32" => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            "UInt64" => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            _ => null,
        };
    }

    public void Dispose() => _source.Dispose();

    private static void Read(ByteSource source, TorchEntry entry, long offset, Span<byte> destination)
    {
        if (source.Read(entry.Start + offset, destination) < destination.Length)
            throw new InvalidDataException($"Entry '{entry.Name}' ends too soon");
    }

    /// <summary>The elements of a tensor with gaps or another order, row by row. The last one is kept: it is asked for piece by piece.</summary>
    private byte[] Gather(TorchTensor tensor)
    {
        if (_gathered is { } last && ReferenceEquals(last.Tensor, tensor))
            return last.Bytes;
        _gathered = null;
        var size = tensor.Element.Size;
        var source = new byte[tensor.Reach * size];
        Read(_source, _content.Storages[tensor.Storage.Key], tensor.Offset * size, source);

        var bytes = new byte[tensor.Count * size];
        var place = new long[tensor.Shape.Length];
        var from = 0L;
        for (var to = 0; to < bytes.Length; to += size)
        {
            source.AsSpan((int)(from * size), size).CopyTo(bytes.AsSpan(to));
            for (var i = place.Length - 1; i >= 0; i--)
            {
                from += tensor.Strides[i];
                if (++place[i] < tensor.Shape[i])
                    break;
                from -= place[i] * tensor.Strides[i];
                place[i] = 0;
            }
        }
        _gathered = (tensor, bytes);
        return bytes;
    }
}
