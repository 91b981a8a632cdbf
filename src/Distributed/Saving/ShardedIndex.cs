using System.Text.Json;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed.Saving;

/// <summary>What ties the files of a sharded checkpoint together: a JSON file with its own digest.</summary>
/// <param name="Save">What tells this save from others.</param>
/// <param name="Metadata">What the run has besides tensors.</param>
/// <param name="Files">The files, by rank.</param>
/// <param name="Tensors">The tensors by name.</param>
internal sealed record ShardedIndex(string Save, CheckpointMetadata Metadata, IReadOnlyList<ShardFile> Files, IReadOnlyDictionary<string, ShardedTensor> Tensors)
{
    /// <summary>How the name of an index ends.</summary>
    public const string Suffix = ".sharded.json";

    private const string MetadataPrefix = "gpuoptim.", Digests = MetadataPrefix + "digests";

    /// <summary>Schedules may be nested, below the index's own levels.</summary>
    private const int MaxDepth = 40;

    /// <summary>Ties files together.</summary>
    /// <param name="save">What tells this save from others.</param>
    /// <param name="metadata">What the run has besides tensors.</param>
    /// <param name="files">The files, by rank.</param>
    /// <param name="tensors">The type and whole shape of each tensor.</param>
    /// <exception cref="InvalidDataException">The files do not have every tensor whole.</exception>
    public static ShardedIndex Of(string save, CheckpointMetadata metadata, IReadOnlyList<ShardFile> files, IReadOnlyDictionary<string, (string Type, long[] Shape)> tensors)
    {
        var pieces = files.SelectMany((file, i) => file.Pieces.Select(piece => (File: i, Piece: ShardFile.Parse(piece)))).ToLookup(each => each.Piece.Tensor, each => (each.File, each.Piece.Start, each.Piece.End));
        if (pieces.FirstOrDefault(each => !tensors.ContainsKey(each.Key)) is { } foreign)
            throw new InvalidDataException($"All ranks must save the same tensors. '{foreign.Key}' is none of rank 0's");
        var all = tensors.ToDictionary(pair => pair.Key, pair => new ShardedTensor(pair.Value.Type, pair.Value.Shape, [.. pieces[pair.Key].OrderBy(piece => piece.Start)]));
        foreach (var (name, tensor) in all)
            tensor.ThrowIfIncomplete(name);
        return new(save, metadata, files, all);
    }

    /// <summary>Writes it.</summary>
    public void Write(Stream stream)
    {
        var zeroed = Write(new string('0', SafetensorsFile.DigestLength));
        stream.Write(Write(SafetensorsFile.HeaderDigest(zeroed, CheckpointMetadata.HeaderDigest)));
    }

    /// <summary>Reads an index.</summary>
    /// <exception cref="InvalidDataException">It is none, or damaged.</exception>
    public static ShardedIndex Read(string path)
    {
        var json = ByteSource.ReadIndex(path);
        try
        {
            using var document = JsonDocument.Parse(json, new() { MaxDepth = MaxDepth });
            return Parse(document.RootElement, json);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or InvalidDataException or ArgumentException)
        {
            throw ByteSource.Damaged(path, failure is InvalidDataException ? failure.Message.TrimEnd('.') : $"An index of a sharded checkpoint must be JSON as this library writes it. {failure.Message.TrimEnd('.')}", failure);
        }
    }

    private static ShardedIndex Parse(JsonElement root, byte[] json)
    {
        var digest = SafetensorsFile.HeaderDigest(json, CheckpointMetadata.HeaderDigest);
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(CheckpointMetadata.HeaderDigest, out var expected) || expected.GetString() != digest)
            throw new InvalidDataException($"The index is damaged: '{CheckpointMetadata.HeaderDigest}' must be its digest");
        var texts = root.EnumerateObject().Where(property => property.Name.StartsWith(MetadataPrefix, StringComparison.Ordinal)).ToDictionary(property => property.Name, property => property.Value.GetRawText());
        texts[Digests] = "{}";
        ShardFile[] files = [.. root.GetProperty("files").EnumerateArray().Select(ShardFile.Of)];
        if (Array.Find(files, file => file.Name is "" or "." or ".." || file.Name.AsSpan().IndexOfAny("/\\:\0") >= 0) is { } outside)
            throw new InvalidDataException($"A file must be in the index's folder. Actual name was '{outside.Name}'");
        var tensors = new Dictionary<string, ShardedTensor>();
        foreach (var property in root.GetProperty("tensors").EnumerateObject())
        {
            var tensor = new ShardedTensor(
                property.Value.GetProperty("dtype").GetString() ?? throw new FormatException("'dtype' is null."),
                [.. property.Value.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())],
                [.. property.Value.GetProperty("pieces").EnumerateArray().Select(piece => (piece[0].GetInt32(), piece[1].GetInt64(), piece[2].GetInt64()))]);
            tensor.ThrowIfIncomplete(property.Name);
            if (tensor.Pieces.Any(piece => piece.File < 0 || piece.File >= files.Length))
                throw new InvalidDataException($"Pieces of tensor '{property.Name}' must be in files that there are");
            tensors.Add(property.Name, tensor);
        }
        return new(root.GetProperty("save").GetString() ?? throw new FormatException("'save' is null."), CheckpointMetadata.Parse(texts), files, tensors);
    }

    private byte[] Write(string digest)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString(CheckpointMetadata.HeaderDigest, digest);
            writer.WriteString("save", Save);
            foreach (var (name, text) in Metadata.ToTexts().Where(text => text.Name.StartsWith(MetadataPrefix, StringComparison.Ordinal) && text.Name != Digests))
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(text);
            }
            writer.WriteStartArray("files");
            foreach (var file in Files)
            {
                writer.WriteStartObject();
                file.WriteTo(writer);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteStartObject("tensors");
            foreach (var (name, tensor) in Tensors)
                Write(writer, name, tensor);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, string name, ShardedTensor tensor)
    {
        writer.WriteStartObject(name);
        writer.WriteString("dtype", tensor.Type);
        writer.WriteStartArray("shape");
        foreach (var extent in tensor.Shape)
            writer.WriteNumberValue(extent);
        writer.WriteEndArray();
        writer.WriteStartArray("pieces");
        foreach (var (file, start, end) in tensor.Pieces)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(file);
            writer.WriteNumberValue(start);
            writer.WriteNumberValue(end);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
