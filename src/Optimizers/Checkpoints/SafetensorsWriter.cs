using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text.Json;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Writes tensors as a <c>.safetensors</c> file, piece by piece, with a digest of each in the metadata.</summary>
internal static class SafetensorsWriter
{
    /// <summary>Writes a file.</summary>
    /// <param name="stream">Where to, from where it stands.</param>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="metadata">The metadata for given digests, as long whatever they are.</param>
    /// <param name="headerDigest">The metadata text that gets the header's digest; null if there is none, and then tensors have none either.</param>
    /// <param name="transfer">Is told what was written.</param>
    public static void Write(
        Stream stream,
        IReadOnlyDictionary<string, StateTensor> tensors,
        Func<IReadOnlyDictionary<string, string>, IEnumerable<(string Name, string Text)>> metadata,
        string? headerDigest,
        Transfer transfer) =>
        TemporaryFile.Through(stream, seekable => WriteSeeking(seekable, tensors, metadata, headerDigest, transfer));

    /// <summary>More than a tensor's entry in the header takes, in bytes.</summary>
    public static long EntryLength(string name, StateTensor tensor) => JsonEncodedText.Encode(name).EncodedUtf8Bytes.Length + 100 + 21L * tensor.Shape.Count;

    private static void WriteSeeking(
        Stream stream,
        IReadOnlyDictionary<string, StateTensor> tensors,
        Func<IReadOnlyDictionary<string, string>, IEnumerable<(string Name, string Text)>> metadata,
        string? headerDigest,
        Transfer transfer)
    {
        var start = stream.Position;
        // Wide types first: then all are aligned.
        (string Name, StateTensor Tensor)[] ordered = [.. tensors.OrderByDescending(pair => pair.Value.ElementType.Size()).Select(pair => (pair.Key, pair.Value))];
        var digests = ordered.ToDictionary(each => each.Name, _ => new string('0', SafetensorsFile.DigestLength));
        stream.Position = start + Header(ordered, metadata(digests), headerDigest).Length;

        // Fresh memory is zeroed first, which for short files takes as long as to write them.
        var piece = ArrayPool<byte>.Shared.Rent(StateTensor.PieceLength);
        var hash = new XxHash128();
        foreach (var (name, tensor) in ordered)
        {
            for (var offset = 0L; offset < tensor.Bytes.Length; offset += StateTensor.PieceLength)
            {
                var part = piece.AsSpan(0, (int)Math.Min(StateTensor.PieceLength, tensor.Bytes.Length - offset));
                tensor.Bytes.Read(offset, part);
                if (headerDigest is not null)
                    hash.Append(part);
                stream.Write(part);
                transfer.Advance(part.Length);
            }
            digests[name] = Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        ArrayPool<byte>.Shared.Return(piece);
        var end = stream.Position;
        stream.Position = start;
        stream.Write(Header(ordered, metadata(digests), headerDigest));
        stream.Position = end;
        transfer.Complete();
    }

    /// <summary>The element type as the format writes it.</summary>
    public static string TypeName(ElementType type) => type switch
    {
        ElementType.Float32 => "F32",
        ElementType.BFloat16 => "BF16",
        ElementType.Float16 => "F16",
        ElementType.UInt8 => "U8",
        _ => "U16",
    };

    private static byte[] Header((string Name, StateTensor Tensor)[] tensors, IEnumerable<(string Name, string Text)> metadata, string? digest)
    {
        if (digest is null)
            return Header(tensors, metadata);
        (string, string)[] WithDigest(string value) => [.. metadata, (digest, value)];
        var zeroed = Header(tensors, WithDigest(new('0', SafetensorsFile.DigestLength)));
        return Header(tensors, WithDigest(SafetensorsFile.HeaderDigest(zeroed[sizeof(ulong)..], digest)));
    }

    private static byte[] Header((string Name, StateTensor Tensor)[] tensors, IEnumerable<(string Name, string Text)> metadata)
    {
        using var stream = new MemoryStream();
        stream.Write(stackalloc byte[sizeof(ulong)]);
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject(SafetensorsFile.MetadataName);
            foreach (var (name, text) in metadata)
                writer.WriteString(name, text);
            writer.WriteEndObject();
            var start = 0L;
            foreach (var (name, tensor) in tensors)
            {
                writer.WriteStartObject(name);
                writer.WriteString("dtype", TypeName(tensor.ElementType));
                writer.WriteStartArray("shape");
                foreach (var extent in tensor.Shape)
                    writer.WriteNumberValue(extent);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(start);
                writer.WriteNumberValue(start += tensor.Bytes.Length);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        while (stream.Length % sizeof(ulong) != 0)
            stream.WriteByte((byte)' ');
        var header = stream.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)header.Length - sizeof(ulong));
        return header;
    }
}
