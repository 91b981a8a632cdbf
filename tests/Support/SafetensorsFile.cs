using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GpuOptim.Tests.Support;

/// <summary>A recorded <c>.safetensors</c> file, read whole: 8 bytes of header length, a JSON header, the tensors' bytes.</summary>
internal sealed class SafetensorsFile
{
    private readonly byte[] _bytes;
    private readonly int _dataStart;
    private readonly JsonObject _header;

    public SafetensorsFile(string path)
    {
        _bytes = File.ReadAllBytes(path);
        var headerLength = (int)BinaryPrimitives.ReadInt64LittleEndian(_bytes);
        _header = JsonNode.Parse(_bytes.AsSpan(8, headerLength))!.AsObject();
        _dataStart = 8 + headerLength;
    }

    public bool Contains(string name) => _header.ContainsKey(name);

    public IEnumerable<string> Names => _header.Select(entry => entry.Key).Where(name => name != "__metadata__");

    public string Metadata(string key) => _header["__metadata__"]![key]!.GetValue<string>();

    public JsonElement JsonMetadata(string key) => JsonDocument.Parse(Metadata(key)).RootElement;

    public ElementType ElementType(string name) => _header[name]!["dtype"]!.GetValue<string>() switch
    {
        "F32" => GpuOptim.ElementType.Float32,
        "BF16" => GpuOptim.ElementType.BFloat16,
        "F16" => GpuOptim.ElementType.Float16,
        var other => throw new NotSupportedException(other),
    };

    public long[] Shape(string name) => _header[name]!["shape"].Deserialize<long[]>()!;

    public T[] Values<T>(string name) where T : unmanaged
    {
        var offsets = _header[name]!["data_offsets"].Deserialize<int[]>()!;
        return MemoryMarshal.Cast<byte, T>(_bytes.AsSpan(_dataStart + offsets[0], offsets[1] - offsets[0])).ToArray();
    }
}
