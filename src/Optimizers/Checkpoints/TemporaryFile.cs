namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>A file for what passes through, which is gone once it is closed, or its process ends.</summary>
internal static class TemporaryFile
{
    /// <summary>Makes one, empty.</summary>
    public static FileStream Create()
    {
        var path = Path.Combine(Path.GetTempPath(), $"gpuoptim-{Guid.NewGuid():N}.tmp");
        // Windows deletes it whatever becomes of the process. Elsewhere a file without a name is as good as one with a name.
        var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
            Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,
        });
        if (!OperatingSystem.IsWindows())
            File.Delete(path);
        return stream;
    }

    /// <summary>Has something written that needs a stream which can seek, to one that may not.</summary>
    /// <exception cref="ArgumentException">The stream cannot be written.</exception>
    public static void Through(Stream stream, Action<Stream> write)
    {
        if (!stream.CanWrite)
            throw new ArgumentException("stream must be writable.", nameof(stream));
        if (stream.CanSeek)
        {
            write(stream);
            return;
        }
        using var aside = Create();
        write(aside);
        aside.Position = 0;
        aside.CopyTo(stream, StateTensor.PieceLength);
    }
}
