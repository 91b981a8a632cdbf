using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>
/// A <c>.safetensors</c> file, open for reading: eight bytes with the header's length, the header in JSON, and the tensors' bytes without gaps.
/// </summary>
/// <remarks>
/// Source: https://github.com/huggingface/safetensors, Format. Whatever the file holds, opening it takes no more memory than its header asks for.
/// Of a tensor of a type that is not known here only the place is checked: what nobody asks for does no harm.
/// </remarks>
internal sealed class SafetensorsFile : IDisposable
{
    public const string MetadataName = "__metadata__";

    /// <summary>The longest header that the format allows.</summary>
    public const int MaxHeaderLength = 100_000_000;

    /// <summary>Hexadecimal digits of a digest.</summary>
    public const int DigestLength = 32;

    /// <summary>Element types with their sizes.</summary>
    private static readonly Dictionary<string, int> _sizes = new()
    {
        ["BOOL"] = 1,
        ["U8"] = 1,
        ["I8"] = 1,
        ["F8_E4M3"] = 1,
        ["F8_E5M2"] = 1,
        ["U16"] = 2,
        ["I16"] = 2,
        ["F16"] = 2,
        ["BF16"] = 2,
        ["U32"] = 4,
        ["I32"] = 4,
        ["F32"] = 4,
        ["U64"] = 8,
        ["I64"] = 8,
        ["F64"] = 8,
        ["C64"] = 8,
    };

    /// <summary>What other formats call types that they have, too.</summary>
    private static readonly Dictionary<string, string> _types = new()
    {
        ["F32"] = nameof(ElementType.Float32),
        ["BF16"] = nameof(ElementType.BFloat16),
        ["F16"] = nameof(ElementType.Float16),
        ["F64"] = "Float64",
        ["I64"] = "Int64",
        ["I32"] = "Int32",
        ["I16"] = "Int16",
        ["I8"] = "Int8",
        ["U8"] = nameof(ElementType.UInt8),
        ["U16"] = nameof(ElementType.UInt16),
        ["BOOL"] = "Bool",
    };

    private readonly ByteSource _source;
    private readonly byte[] _header;

    private SafetensorsFile(ByteSource source, byte[] header, IReadOnlyDictionary<string, string> metadata, IReadOnlyDictionary<string, SafetensorsEntry> entries)
    {
        _source = source;
        _header = header;
        Metadata = metadata;
        Entries = entries;
    }

    /// <summary>How many bytes the file has.</summary>
    public long Length => _source.Length;

    /// <summary>Texts by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>Opens a file and checks its structure, whole.</summary>
    /// <exception cref="InvalidDataException">It is none, or damaged.</exception>
    public static SafetensorsFile Open(string path) => Open(ByteSource.Open(path));

    /// <summary>Opens bytes, and closes them with the file.</summary>
    /// <inheritdoc cref="Open(string)"/>
    public static SafetensorsFile Open(ByteSource source)
    {
        try
        {
            var header = ReadHeader(source);
            var (metadata, entries) = Parse(source.Name, header, source.Length);
            return new(source, header, metadata, entries);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>What messages call the file.</summary>
    public string Name => _source.Name;

    /// <summary>The tensors by name, of whatever type.</summary>
    public Dictionary<string, FileTensor> Tensors() => Entries.ToDictionary(pair => pair.Key, pair => Tensor(pair.Value));

    /// <summary>What other formats call a type.</summary>
    public static string TypeOf(string type) => _types.GetValueOrDefault(type, type);

    /// <summary>A tensor that stays in the file.</summary>
    /// <param name="entry">Which.</param>
    /// <param name="transfer">Is told what is read of it.</param>
    public FileTensor Tensor(SafetensorsEntry entry, Transfer? transfer = null) =>
        new(TypeOf(entry.Type), entry.Shape, _ => new TensorBytes.InFile(this, entry, transfer));

    /// <summary>Reads bytes of a tensor.</summary>
    public void Read(SafetensorsEntry entry, long offset, Span<byte> destination)
    {
        if (_source.Read(entry.Start + offset, destination) < destination.Length)
            throw ByteSource.Damaged(_source.Name, $"Tensor '{entry.Name}' ends too soon");
    }

    /// <summary>The digest of the header, with zeros in place of one of its metadata texts, which is to hold that digest.</summary>
    public string HeaderDigest(string name) => HeaderDigest(_header, name);

    /// <inheritdoc cref="HeaderDigest(string)"/>
    public static string HeaderDigest(byte[] header, string name)
    {
        var zeroed = header.AsSpan().ToArray();
        var field = Encoding.UTF8.GetBytes($"\"{name}\":\"");
        var start = zeroed.AsSpan().IndexOf(field);
        if (start >= 0)
            zeroed.AsSpan(start + field.Length, Math.Min(DigestLength, zeroed.Length - start - field.Length)).Fill((byte)'0');
        return Convert.ToHexStringLower(XxHash128.Hash(zeroed));
    }

    public void Dispose() => _source.Dispose();

    private static byte[] ReadHeader(ByteSource source)
    {
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        if (source.Read(0, prefix) < prefix.Length)
            throw ByteSource.Damaged(source.Name, $"A .safetensors file must have at least 8 bytes. Actual number was {source.Length}");
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > Math.Min(MaxHeaderLength, (ulong)source.Length - sizeof(ulong)))
            throw ByteSource.Damaged(source.Name, $"The header must be at most {MaxHeaderLength} bytes long and within the file, which has {source.Length}. Actual length was {headerLength}");
        var header = new byte[headerLength];
        return source.Read(sizeof(ulong), header) == header.Length ? header : throw ByteSource.Damaged(source.Name, "The header ends too soon");
    }

    private static (Dictionary<string, string> Metadata, Dictionary<string, SafetensorsEntry> Entries) Parse(string path, byte[] header, long fileLength)
    {
        try
        {
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(header);
            using var document = JsonDocument.Parse(header, new() { MaxDepth = 4 });
            return Parse(path, document.RootElement, sizeof(ulong) + header.Length, fileLength);
        }
        catch (Exception failure) when (failure is JsonException or DecoderFallbackException or InvalidOperationException)
        {
            throw ByteSource.Damaged(path, $"The header must be JSON, at most 4 levels deep. {failure.Message}", failure);
        }
    }

    private static (Dictionary<string, string> Metadata, Dictionary<string, SafetensorsEntry> Entries) Parse(string path, JsonElement root, long dataStart, long fileLength)
    {
        var metadata = new Dictionary<string, string>();
        var entries = new Dictionary<string, SafetensorsEntry>();
        var isMetadataThere = false;
        if (root.ValueKind != JsonValueKind.Object)
            throw ByteSource.Damaged(path, $"The header must be an object. Actual kind was {root.ValueKind}");
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name == MetadataName && !isMetadataThere)
            {
                isMetadataThere = true;
                if (property.Value.ValueKind != JsonValueKind.Object)
                    throw ByteSource.Damaged(path, $"{MetadataName} must be an object. Actual kind was {property.Value.ValueKind}");
                foreach (var text in property.Value.EnumerateObject())
                {
                    if (text.Value.ValueKind != JsonValueKind.String || !metadata.TryAdd(text.Name, text.Value.GetString()!))
                        throw ByteSource.Damaged(path, $"'{text.Name}' of {MetadataName} must be a text, and there once");
                }
            }
            else if (property.Name == MetadataName || !entries.TryAdd(property.Name, Entry(path, property, dataStart)))
            {
                throw ByteSource.Damaged(path, $"'{property.Name}' must be there once");
            }
        }

        // Tensors lie one behind the other, without a gap, to the end of the file.
        var end = dataStart;
        foreach (var entry in entries.Values.OrderBy(entry => entry.Start).ThenBy(entry => entry.Length))
        {
            if (entry.Start != end)
                throw ByteSource.Damaged(path, $"Tensor '{entry.Name}' must begin where the one before ends, at byte {end - dataStart} of the data. Actual start was {entry.Start - dataStart}");
            end += entry.Length;
        }
        if (end != fileLength)
            throw ByteSource.Damaged(path, $"The file must have {end} bytes, as the header says. Actual number was {fileLength}");
        return (metadata, entries);
    }

    private static SafetensorsEntry Entry(string path, JsonProperty property, long dataStart)
    {
        var name = property.Name;
        string? type = null;
        long[]? shape = null, offsets = null;
        if (property.Value.ValueKind == JsonValueKind.Object)
        {
            foreach (var part in property.Value.EnumerateObject())
            {
                switch (part.Name)
                {
                    case "dtype" when type is null && part.Value.ValueKind == JsonValueKind.String: type = part.Value.GetString(); break;
                    case "shape" when shape is null: shape = Naturals(part.Value); break;
                    case "data_offsets" when offsets is null: offsets = Naturals(part.Value); break;
                    default: throw ByteSource.Damaged(path, $"Tensor '{name}' must have dtype, shape and data_offsets, each once. '{part.Name}' is not as it should be");
                }
            }
        }
        if (type is null || shape is null || offsets is not [var start, var end] || end < start)
            throw ByteSource.Damaged(path, $"Tensor '{name}' must have dtype, shape and data_offsets: a text, natural numbers, and two of them in order");
        if (_sizes.TryGetValue(type, out var size) && Bytes(path, name, size, shape) is var bytes && bytes != end - start)
            throw ByteSource.Damaged(path, $"Tensor '{name}' of shape {Parameter.Describe(shape)} and dtype {type} must have {bytes} bytes. Actual number was {end - start}");
        if (end > long.MaxValue - dataStart)
            throw ByteSource.Damaged(path, $"Tensor '{name}' must be within the file. Actual end was {end}");
        return new(name, type, shape, dataStart + start, end - start);
    }

    private static Int128 Bytes(string path, string name, int size, long[] shape)
    {
        Int128 bytes = size;
        foreach (var extent in shape)
        {
            bytes *= extent;
            // A factor of 0 may come later, but no honest tensor is that large in between.
            if (bytes > long.MaxValue)
                throw ByteSource.Damaged(path, $"Tensor '{name}' of shape {Parameter.Describe(shape)} is larger than any file");
        }
        return bytes;
    }

    private static long[]? Naturals(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return null;
        var numbers = new long[value.GetArrayLength()];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (value[i].ValueKind != JsonValueKind.Number || !value[i].TryGetInt64(out numbers[i]) || numbers[i] < 0)
                return null;
        }
        return numbers;
    }
}
