using System.IO.Compression;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>
/// The format of <c>torch.save</c> since release 1.6: a zip archive whose entries are stored, <c>NAME/data.pkl</c> with the value and
/// <c>NAME/data/KEY</c> with each storage.
/// </summary>
/// <remarks>Source: https://docs.pytorch.org/docs/stable/notes/serialization.html, File format.</remarks>
internal static class TorchArchive
{
    public const string Pickle = "data.pkl", ByteOrder = "byteorder", LittleEndian = "little", StorageFolder = "data/";

    /// <summary>Reads everything but the storages, and finds those.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static TorchContent Read(Stream stream)
    {
        using var zip = Open(stream);
        var entries = Entries(stream, zip);
        var pickles = entries.Keys.Where(name => name.IndexOf('/', StringComparison.Ordinal) is var slash && slash > 0 && name[(slash + 1)..] == Pickle).ToArray();
        if (pickles is not [var pickle])
            throw new InvalidDataException($"A PyTorch file must have one entry 'NAME/{Pickle}'. Actual number was {pickles.Length}");
        var folder = pickle[..^Pickle.Length];
        if (entries.TryGetValue(folder + ByteOrder, out var order) && Text(stream, order) is var found && found != LittleEndian)
            throw new InvalidDataException($"Entry '{order.Name}' must be '{LittleEndian}'. Actual value was '{found}'");

        stream.Position = 0;
        TorchFile.Verify(ByteSource.Of(stream, pickle), entries[pickle]);
        var objects = new TorchObjects();
        object? root;
        try
        {
            stream.Position = entries[pickle].Start;
            root = new PickleReader(new BufferedStream(stream), entries[pickle].Length, objects).Read();
        }
        catch (InvalidDataException failure)
        {
            throw new InvalidDataException($"Entry '{pickle}' is not as it should be. {failure.Message}", failure);
        }
        return new(root, [.. entries.Values], objects.Storages.Values.ToDictionary(storage => storage.Key, storage => Find(entries, folder, storage)));
    }

    private static ZipArchive Open(Stream stream)
    {
        try
        {
            var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            // The directory is read when it is first asked for.
            _ = zip.Entries;
            return zip;
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or ArgumentException)
        {
            throw new InvalidDataException($"A PyTorch file must be a zip archive, whole. {failure.Message.TrimEnd('.')}", failure);
        }
    }

    private static Dictionary<string, TorchEntry> Entries(Stream stream, ZipArchive zip)
    {
        var entries = new Dictionary<string, TorchEntry>();
        var total = 0L;
        foreach (var entry in zip.Entries)
        {
            // torch stores. What is compressed could become longer than any memory, and what overlaps could be read again and again.
            if (entry.CompressedLength != entry.Length)
                throw new InvalidDataException($"Entry '{entry.FullName}' must be stored, not compressed. Actual lengths were {entry.Length} and {entry.CompressedLength}");
            if (entry.Length < 0 || (total += entry.Length) > stream.Length || total < 0)
                throw new InvalidDataException($"Entry '{entry.FullName}' must be within the file, and overlap no other. Actual length was {entry.Length}");
            if (!entries.TryAdd(entry.FullName, new(entry.FullName, Start(stream, entry), entry.Length, entry.Crc32)))
                throw new InvalidDataException($"Entry '{entry.FullName}' must be there once");
        }
        // torch.serialization.set_crc32_options(False) has none written.
        return entries.Values.All(entry => entry.Crc == 0) ? entries.ToDictionary(pair => pair.Key, pair => pair.Value with { Crc = null }) : entries;
    }

    /// <summary>
    /// Where an entry's bytes begin. <see cref="ZipArchive"/> does not tell, and its streams cannot seek, as tensors that share a storage
    /// need; but once it has read the first byte of a stored entry, the file stands behind that. That it does, the CRC-32 proves.
    /// </summary>
    private static long Start(Stream stream, ZipArchiveEntry entry)
    {
        if (entry.Length == 0)
            return 0;
        try
        {
            using var bytes = entry.Open();
            if (bytes.ReadByte() >= 0)
                return stream.Position - 1;
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"Entry '{entry.FullName}' is damaged. {failure.Message.TrimEnd('.')}", failure);
        }
        throw new InvalidDataException($"Entry '{entry.FullName}' is damaged: it ends too soon");
    }

    private static TorchEntry Find(Dictionary<string, TorchEntry> entries, string folder, TorchStorage storage)
    {
        var name = folder + StorageFolder + storage.Key;
        if (!entries.TryGetValue(name, out var entry))
            throw new InvalidDataException($"Entry '{name}' of a tensor is missing");
        if (entry.Length != storage.Length)
            throw new InvalidDataException($"Entry '{name}' must have {storage.Length} bytes, {storage.Count} of {storage.Element.Name}. Actual number was {entry.Length}");
        return entry;
    }

    private static string Text(Stream stream, TorchEntry entry)
    {
        var bytes = new byte[Math.Min(entry.Length, 16)];
        stream.Position = entry.Start;
        stream.ReadExactly(bytes);
        return string.Concat(bytes.Select(value => char.IsBetween((char)value, ' ', '~') ? (char)value : '?'));
    }
}
