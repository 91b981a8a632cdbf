namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Writes a file aside, flushes it to the disk, and only then gives it its name: whoever looks sees the old file or the new one, whole.</summary>
/// <remarks>
/// A link is followed: what it leads to is replaced. On Unix the new file has the old one's permissions; on Windows those that its folder gives. What
/// earlier writers of the same name left, since they were killed, is removed.
/// </remarks>
internal static class AtomicFile
{
    private static readonly Lock _gate = new();
    private static readonly Dictionary<string, long> _latest = [];

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="transfer">What is written; if one of this program that was asked for later is in place already, that stays.</param>
    public static void Write(string path, Action<FileStream> write, Transfer? transfer = null)
    {
        var target = FileLink.Follow(path);
        var order = (transfer ?? new()).Order;
        PendingFile.RemoveStale(target);
        using var file = PendingFile.Create(target);
        write(file.Stream);
        file.Stream.Flush(flushToDisk: true);
        lock (_gate)
        {
            if (_latest.TryGetValue(target, out var latest) && latest > order)
                return;
            file.Rename(target, overwrite: true);
            _latest[target] = order;
        }
    }
}
