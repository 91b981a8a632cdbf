using System.Globalization;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>
/// A file that is being written under a name of its own beside the one that it will have, and held open: nobody takes it for one that was left behind.
/// Deleted if it never gets its name.
/// </summary>
internal sealed class PendingFile : IDisposable
{
    private const string Suffix = ".tmp";

    /// <summary>Whoever tidies up may remove a file between its making and its locking; that often, something else is wrong.</summary>
    private const int Attempts = 10;

    private readonly UnixFileMode? _mode;
    private string _path;
    private bool _isRenamed;

    private PendingFile(FileStream stream, UnixFileMode? mode) => (Stream, _path, _mode) = (stream, stream.Name, mode);

    public FileStream Stream { get; }

    /// <summary>Makes one, with the permissions of the file that it is to replace.</summary>
    /// <param name="target">That file, which need not be there; no link.</param>
    public static PendingFile Create(string target)
    {
        UnixFileMode? mode = OperatingSystem.IsWindows() || !File.Exists(target) ? null : File.GetUnixFileMode(target);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Delete, BufferSize = 0 };
        if (mode is { } existing && !OperatingSystem.IsWindows())
            options.UnixCreateMode = existing | UnixFileMode.UserRead | UnixFileMode.UserWrite;
        for (var attempt = 1; ; attempt++)
        {
            var aside = $"{target}.{Guid.NewGuid():N}{Suffix}";
            FileStream stream;
            try
            {
                stream = new FileStream(aside, options);
            }
            catch (IOException) when (attempt < Attempts)
            {
                continue;
            }
            if (File.Exists(aside) || attempt == Attempts)
                return new(stream, mode);
            stream.Dispose();
        }
    }

    /// <summary>Removes what killed writers of a file left. What another writer holds open stays.</summary>
    public static void RemoveStale(string target)
    {
        var folder = Path.GetDirectoryName(target)!;
        var prefix = Path.GetFileName(target) + ".";
        string[] left;
        try
        {
            left = [.. Directory.EnumerateFiles(folder).Where(path => IsAside(Path.GetFileName(path), prefix))];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return;
        }
        foreach (var path in left)
            Remove(path, () => true);
    }

    /// <summary>Removes a file that nobody holds open.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isStale">Whether to, asked once nobody else can open it for writing.</param>
    public static void Remove(string path, Func<bool> isStale)
    {
        try
        {
            using var stream = OpenAlone(path);
            // Where the file system knows no locks, nobody can tell who else has it open.
            if (IsLocked(path) && isStale())
                File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Somebody is at work on it, or it is not ours.
        }
    }

    /// <summary>Gives it a name.</summary>
    public void Rename(string target, bool overwrite)
    {
        if (_mode is { } mode && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(Stream.SafeFileHandle, mode);
        File.Move(_path, target, overwrite);
        (_path, _isRenamed) = (target, true);
    }

    /// <summary>Deletes it, whatever its name is.</summary>
    public void Delete() => File.Delete(_path);

    public void Dispose()
    {
        // While it is still held: afterwards another may be at it.
        if (!_isRenamed)
            Delete();
        Stream.Dispose();
    }

    private static bool IsAside(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal)
        && name.EndsWith(Suffix, StringComparison.Ordinal)
        && name.Length == prefix.Length + 32 + Suffix.Length
        && UInt128.TryParse(name.AsSpan(prefix.Length, 32), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);

    /// <summary>Windows deletes an open file only where its opener said so; elsewhere sharing means a lock that others may have, too.</summary>
    private static FileStream OpenAlone(string path) =>
        new(path, FileMode.Open, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None, bufferSize: 0);

    private static bool IsLocked(string path)
    {
        try
        {
            OpenAlone(path).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
