using System.Text.Json;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>The index of a model in several <c>.safetensors</c> files, its shards: which tensor is in which of them.</summary>
/// <param name="Files">The shard of each tensor, a name within the index's folder.</param>
/// <param name="Save">What tells the shards of this index from those of another that had the same names; null if others than this library wrote it.</param>
/// <remarks>Source: https://huggingface.co/docs/transformers/big_models, Sharded checkpoints.</remarks>
internal sealed record ShardIndex(IReadOnlyDictionary<string, string> Files, string? Save)
{
    /// <summary>How the name of an index ends.</summary>
    public const string Suffix = ".safetensors.index.json";

    /// <summary>The texts of a shard's metadata, and one of the index's, that say where it belongs.</summary>
    public const string SaveKey = "gpuoptim.save", IndexKey = "gpuoptim.index";

    private const string Metadata = "metadata", Map = "weight_map";

    /// <summary>What programs put into the metadata may be nested a little.</summary>
    private const int MaxDepth = 16;

    /// <summary>The index in a folder.</summary>
    /// <exception cref="InvalidDataException">There is none, or more than one.</exception>
    public static string Find(string folder)
    {
        var usual = Path.Combine(folder, "model" + Suffix);
        if (File.Exists(usual))
            return usual;
        string[] found = [.. Directory.EnumerateFiles(folder, "*" + Suffix)];
        return found is [var only] ? only : throw new InvalidDataException($"A folder must have one file NAME{Suffix}. Actual number was {found.Length}. Folder: '{folder}'.");
    }

    /// <summary>Reads an index.</summary>
    /// <exception cref="InvalidDataException">It is none, or its shards are not in its folder.</exception>
    public static ShardIndex Read(string path)
    {
        var json = ByteSource.ReadIndex(path);
        try
        {
            using var document = JsonDocument.Parse(json, new() { MaxDepth = MaxDepth });
            return Parse(document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or InvalidDataException)
        {
            throw ByteSource.Damaged(path, failure is InvalidDataException ? failure.Message : $"An index must be JSON, at most {MaxDepth} levels deep. {failure.Message.TrimEnd('.')}", failure);
        }
    }

    /// <summary>Writes it.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="totalSize">Bytes of all tensors.</param>
    public void Write(Stream stream, long totalSize)
    {
        using var writer = new Utf8JsonWriter(stream, new() { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartObject(Metadata);
        writer.WriteNumber("total_size", totalSize);
        writer.WriteString(SaveKey, Save);
        writer.WriteEndObject();
        writer.WriteStartObject(Map);
        foreach (var (name, file) in Files)
            writer.WriteString(name, file);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static ShardIndex Parse(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || Only(root, Map) is not { ValueKind: JsonValueKind.Object } map)
            throw new InvalidDataException($"An index must have '{Map}', an object. It is missing");
        var files = new Dictionary<string, string>();
        foreach (var property in map.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String || property.Value.GetString()! is not { } file || !IsInside(file))
                throw new InvalidDataException($"The file of tensor '{property.Name}' must be a name within the index's folder. Actual value was {property.Value.GetRawText()}");
            if (!files.TryAdd(property.Name, file))
                throw new InvalidDataException($"'{property.Name}' of '{Map}' must be there once");
        }
        return new(files, Only(root, Metadata) is { ValueKind: JsonValueKind.Object } metadata && Only(metadata, SaveKey) is { ValueKind: JsonValueKind.String } save ? save.GetString() : null);
    }

    private static JsonElement? Only(JsonElement element, string name)
    {
        JsonElement? found = null;
        foreach (var property in element.EnumerateObject().Where(property => property.Name == name))
            found = found is null ? property.Value : throw new InvalidDataException($"'{name}' must be there once");
        return found;
    }

    /// <summary>Whether a name leads to a file of the folder, or of one in it, on every system.</summary>
    private static bool IsInside(string file) =>
        !file.Contains(':', StringComparison.Ordinal) && !file.Contains('\0', StringComparison.Ordinal) && file.Split('/', '\\').All(part => part is not ("" or "." or ".."));
}
