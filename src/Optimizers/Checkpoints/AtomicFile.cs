namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Writes a file aside, flushes it to the disk, and only then gives it its name: whoever looks sees the old file or the new one, whole.</summary>
/// <remarks>
/// A link is followed: what it leads to is replaced. On Unix the new file has the old one's permissions; on Windows those that its folder gives. What
/// earlier writers of the same name left, since they were killed, is removed.
/// </remarks>
internal static class AtomicFile
{
    public static void Write(string path, Action<FileStream> write)
    {
        var target = FileLink.Follow(path);
        PendingFile.RemoveStale(target);
        using var file = PendingFile.Create(target);
        write(file.Stream);
        file.Stream.Flush(flushToDisk: true);
        file.Rename(target, overwrite: true);
    }
}
