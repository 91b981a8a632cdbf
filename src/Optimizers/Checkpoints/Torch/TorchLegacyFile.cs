using System.Buffers.Binary;
using System.Numerics;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>
/// The format of <c>torch.save</c> before release 1.6: pickles of a magic number, a version, the machine, the value and the keys of the
/// storages; then the storages in that order, each behind the number of its elements. It has no digests.
/// </summary>
/// <remarks>Source: https://github.com/pytorch/pytorch/blob/main/torch/serialization.py, <c>_legacy_save</c>.</remarks>
internal static class TorchLegacyFile
{
    private const long Version = 1001;

    private static readonly BigInteger _magic = BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Reads everything but the storages, and finds those.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static TorchContent Read(Stream stream)
    {
        var objects = new TorchObjects();
        var reader = new PickleReader(new BufferedStream(stream), stream.Length, objects);
        ThrowIfOther(reader.Read(), _magic, "magic number: it is no PyTorch file");
        ThrowIfOther(reader.Read(), Version, "version");
        ThrowIfOther((reader.Read() as PickleDictionary)?.GetValueOrDefault("little_endian"), true, "little_endian");
        var root = reader.Read();
        if (reader.Read() is not List<object?> keys)
            throw new InvalidDataException("A PyTorch file must have a list of storages behind the value. It is missing");

        var storages = new Dictionary<string, TorchEntry>();
        var position = reader.Position;
        Span<byte> prefix = stackalloc byte[sizeof(long)];
        foreach (var key in keys)
        {
            if (key is not string name || !objects.Storages.TryGetValue(name, out var storage))
                throw new InvalidDataException($"Storage '{PickleValue.Describe(key)}' must belong to a tensor. It belongs to none");
            if (stream.Length - position < prefix.Length || storage.Length > stream.Length - position - prefix.Length)
                throw new InvalidDataException($"Storage '{name}' must be within the file. Actual place of its {storage.Length} bytes was {position} of {stream.Length}");
            stream.Position = position;
            stream.ReadExactly(prefix);
            if (BinaryPrimitives.ReadInt64LittleEndian(prefix) is var count && count != storage.Count)
                throw new InvalidDataException($"Storage '{name}' must have {storage.Count} elements. Actual number was {count}");
            if (!storages.TryAdd(name, new($"storage {name}", position + prefix.Length, storage.Length, Crc: null)))
                throw new InvalidDataException($"Storage '{name}' must be there once");
            position += prefix.Length + storage.Length;
        }
        if (objects.Storages.Keys.FirstOrDefault(key => !storages.ContainsKey(key)) is { } missing)
            throw new InvalidDataException($"Storage '{missing}' is missing");
        if (position != stream.Length)
            throw new InvalidDataException($"The file must have {position} bytes, as its storages say. Actual number was {stream.Length}");
        return new(root, [], storages);
    }

    private static void ThrowIfOther(object? actual, object expected, string what)
    {
        if (!expected.Equals(actual))
            throw new InvalidDataException($"A PyTorch file must have {expected} as its {what}. Actual value was {(actual is null ? "missing" : PickleValue.Describe(actual))}");
    }
}
