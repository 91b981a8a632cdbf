using System.Globalization;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Distributed.Saving;

/// <summary>
/// One rank's part in a save. Its file is written aside and flushed, then gets a name that no file has; once all have theirs, rank 0 puts the index in place,
/// and removes the files of the old one. Files are held open until the save has ended, so that nobody takes them for what a killed save left.
/// </summary>
internal sealed partial class ShardedSave : IDisposable
{
    private const string Suffix = ".safetensors";

    /// <summary>What the name of a file ends with that says why a rank has none.</summary>
    private const string Failed = ".failed";

    private readonly string _path;
    private readonly int _rank;
    private readonly int _ranks;
    private readonly Transfer _transfer = new();
    private PendingFile? _file;
    private bool _isWritten;

    /// <param name="path">The index; no link.</param>
    /// <param name="id">What tells this save from others: 32 hexadecimal digits.</param>
    /// <param name="rank">This rank.</param>
    /// <param name="ranks">How many ranks there are.</param>
    public ShardedSave(string path, string id, int rank, int ranks) => (_path, Id, _rank, _ranks) = (path, id, rank, ranks);

    /// <summary>What tells this save from others.</summary>
    public string Id { get; }

    /// <summary>Whether this is the rank that puts the index in place.</summary>
    public bool IsFirst => _rank == 0;

    private string Name => NameOf(_rank);

    private string Folder => Path.GetDirectoryName(_path)!;

    /// <summary>Removes what earlier saves left aside since they were killed.</summary>
    public static void RemoveStale(string path) => PendingFile.RemoveStale(path);

    /// <summary>Writes this rank's file.</summary>
    /// <param name="tensors">What this rank has, by the names of pieces.</param>
    public ShardFile Write(IReadOnlyDictionary<string, StateTensor> tensors)
    {
        _file = PendingFile.Create(_path);
        SafetensorsWriter.Write(
            _file.Stream,
            tensors,
            digests => [("format", "pt"), (ShardFile.SaveKey, Id), CheckpointMetadata.DigestsText(digests)],
            CheckpointMetadata.HeaderDigest,
            _transfer);
        _file.Stream.Flush(flushToDisk: true);
        _file.Stream.Position = 0;
        using var written = SafetensorsFile.Open(ByteSource.Of(_file.Stream, Name));
        _file.Rename(Path.Combine(Folder, Name), overwrite: false);
        _isWritten = true;
        return ShardFile.Of(Name, written);
    }

    /// <summary>Puts the index in place, which makes the files the checkpoint, and removes what is none of it any more.</summary>
    public void Commit(ShardedIndex index)
    {
        var old = Read(_path);
        AtomicFile.Write(_path, index.Write, _transfer);
        RemoveOld(old);
    }

    /// <summary>Removes this rank's file, unless the index has it.</summary>
    public void Abandon()
    {
        if (_file is not null && Read(_path)?.Save != Id)
            _file.Delete();
    }

    public void Dispose() => _file?.Dispose();

    private static string Stem(string path) => Path.GetFileName(path)[..^ShardedIndex.Suffix.Length] + "-";

    /// <summary>Removes files of the index that was replaced, and those that saves left which were killed before they had one.</summary>
    private void RemoveOld(ShardedIndex? old)
    {
        if (Read(_path) is not { } now)
            return;
        var used = now.Files.Select(file => file.Name).ToHashSet();
        foreach (var file in old?.Files ?? [])
        {
            if (!used.Contains(file.Name))
                TryDelete(Path.Combine(Folder, file.Name));
        }
        string[] left;
        try
        {
            left = [.. Directory.EnumerateFiles(Folder).Where(path => IsShard(Path.GetFileName(path), Stem(_path)) && !used.Contains(Path.GetFileName(path)))];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return;
        }
        foreach (var path in left)
            PendingFile.Remove(path, () => Read(_path) is { } latest && !latest.Files.Any(file => file.Name == Path.GetFileName(path)));
    }

    private string NameOf(int rank) => Stem(_path) + string.Create(CultureInfo.InvariantCulture, $"{Id}-{rank + 1:D5}-of-{_ranks:D5}{Suffix}");

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The next save tries again.
        }
    }

    /// <summary>Whether a file is called as those of an index are: <c>STEM-SAVE-RANK-of-RANKS.safetensors</c>.</summary>
    private static bool IsShard(string name, string stem) =>
        name.StartsWith(stem, StringComparison.Ordinal)
        && Path.GetExtension(name) is Suffix or Failed
        && Path.GetFileNameWithoutExtension(name)[stem.Length..].Split('-') is [{ Length: 32 } id, var rank, "of", var ranks]
        && UInt128.TryParse(id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _)
        && rank.All(char.IsAsciiDigit)
        && ranks.All(char.IsAsciiDigit);

    private static ShardedIndex? Read(string path)
    {
        try
        {
            return ShardedIndex.Read(path);
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
