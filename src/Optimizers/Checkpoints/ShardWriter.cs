namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Writes tensors as several files with an index, as Hugging Face does: <c>NAME-00001-of-00003.safetensors</c>, …</summary>
/// <remarks>
/// Shards are written aside and flushed, then get names that no file has, and then the index is replaced, which makes them the model; shards of the old
/// one are removed last. Where the usual names are taken, by the old shards, the new ones have eight digits of this save in their names. Whoever reads finds
/// the old index with its shards or the new one with its own; each says which save it is of, so that a mixture would be noticed. Shards are held open
/// until the index is there, so that another writer does not take them for what a killed one left.
/// </remarks>
internal static class ShardWriter
{
    /// <summary>More than the length of a header with no tensors.</summary>
    private const int EmptyLength = 256;

    /// <summary>Writes a model.</summary>
    /// <param name="path">The index, <c>NAME.safetensors.index.json</c>.</param>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="maxBytes">How long a file may be, unless a single tensor is longer.</param>
    /// <param name="transfer">Is told what was written.</param>
    public static void Write(string path, IReadOnlyDictionary<string, StateTensor> tensors, long maxBytes, Transfer transfer)
    {
        path = FileLink.Follow(path);
        var (folder, index) = (Path.GetDirectoryName(path)!, Path.GetFileName(path));
        var save = Guid.NewGuid().ToString("N");
        var shards = Split(tensors, maxBytes);
        var old = Read(path);
        PendingFile.RemoveStale(path);
        var files = new List<PendingFile>();
        List<string> claimed = [];
        try
        {
            foreach (var shard in shards)
            {
                var file = PendingFile.Create(path);
                files.Add(file);
                SafetensorsWriter.Write(file.Stream, shard, _ => [("format", "pt"), (ShardIndex.IndexKey, index), (ShardIndex.SaveKey, save)], headerDigest: null, transfer);
                file.Stream.Flush(flushToDisk: true);
            }

            var stem = index[..^ShardIndex.Suffix.Length];
            string[] Names(string first) => [.. Enumerable.Range(1, shards.Count).Select(i => $"{first}-{i:D5}-of-{shards.Count:D5}.safetensors")];
            var names = Names(stem);
            if (!Claim(folder, names, claimed))
            {
                names = Names($"{stem}-{save[..8]}");
                if (!Claim(folder, names, claimed))
                    throw new IOException($"The names of shards must be free. '{names[0]}' or another is taken. File: '{path}'.");
            }
            for (var i = 0; i < names.Length; i++)
                files[i].Rename(Path.Combine(folder, names[i]), overwrite: true);
            var map = shards.SelectMany((shard, i) => shard.Keys.Select(name => KeyValuePair.Create(name, names[i]))).ToDictionary();
            AtomicFile.Write(path, stream => new ShardIndex(map, save).Write(stream, tensors.Values.Sum(tensor => tensor.Bytes.Length)));
        }
        catch
        {
            // Where the index is in place, they are its shards.
            if (Read(path)?.Save != save)
            {
                files.ForEach(file => file.Delete());
                claimed.ForEach(File.Delete);
            }
            throw;
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }
        RemoveOld(path, index[..^ShardIndex.Suffix.Length] + "-", old);
    }

    /// <summary>Takes names that nobody has, each by an empty file: of two savers at once only one gets it.</summary>
    private static bool Claim(string folder, string[] names, List<string> claimed)
    {
        foreach (var name in names)
        {
            var file = Path.Combine(folder, name);
            try
            {
                new FileStream(file, FileMode.CreateNew).Dispose();
                claimed.Add(file);
            }
            catch (IOException) when (File.Exists(file))
            {
                claimed.ForEach(File.Delete);
                claimed.Clear();
                return false;
            }
        }
        return true;
    }

    private static List<Dictionary<string, StateTensor>> Split(IReadOnlyDictionary<string, StateTensor> tensors, long maxBytes)
    {
        var (shards, length) = (new List<Dictionary<string, StateTensor>>(), 0L);
        foreach (var (name, tensor) in tensors)
        {
            var more = tensor.Bytes.Length + SafetensorsWriter.EntryLength(name, tensor);
            if (shards.Count == 0 || length + more > maxBytes)
            {
                shards.Add([]);
                length = EmptyLength;
            }
            shards[^1].Add(name, tensor);
            length += more;
        }
        return shards;
    }

    /// <summary>Removes shards of the index that was replaced, and those of saves that were killed before they had one.</summary>
    private static void RemoveOld(string path, string prefix, ShardIndex? old)
    {
        var now = Read(path);
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, prefix + "*.safetensors"))
        {
            var name = Path.GetFileName(file);
            bool IsUsed(ShardIndex? index) => index?.Files.Values.Contains(name) ?? false;
            if (!IsUsed(now) && (IsUsed(old) || IsOf(file, Path.GetFileName(path))))
                PendingFile.Remove(file, () => Read(path) is { } latest && !IsUsed(latest));
        }
    }

    private static bool IsOf(string shard, string index)
    {
        try
        {
            using var file = SafetensorsFile.Open(shard);
            return file.Metadata.GetValueOrDefault(ShardIndex.IndexKey) == index;
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static ShardIndex? Read(string path)
    {
        try
        {
            return ShardIndex.Read(path);
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
