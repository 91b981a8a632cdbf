using Microsoft.Win32.SafeHandles;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Bytes that can be read from any place: those of a file, or of a stream from where it stands to its end.</summary>
internal sealed class ByteSource : IDisposable
{
    private readonly SafeFileHandle? _file;
    private readonly Stream? _stream;
    private readonly long _start;
    private readonly bool _ownsStream;

    private ByteSource(string name, SafeFileHandle file) => (Name, _file, Length) = (name, file, RandomAccess.GetLength(file));

    private ByteSource(string name, Stream stream, bool ownsStream)
    {
        (Name, _stream, _start, _ownsStream) = (name, stream, stream.Position, ownsStream);
        Length = Math.Max(0, stream.Length - _start);
    }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>How many bytes there are.</summary>
    public long Length { get; }

    /// <summary>Opens a file.</summary>
    public static ByteSource Open(string path) => new(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.SequentialScan));

    /// <summary>Looks at a stream, which stays the caller's. What cannot seek is read into a temporary file first, to its end.</summary>
    /// <exception cref="ArgumentException">The stream cannot be read.</exception>
    public static ByteSource Of(Stream stream, string name)
    {
        if (!stream.CanRead)
            throw new ArgumentException("stream must be readable.", nameof(stream));
        if (stream.CanSeek)
            return new(name, stream, ownsStream: false);
        var copy = TemporaryFile.Create();
        try
        {
            stream.CopyTo(copy, StateTensor.PieceLength);
            copy.Position = 0;
            return new(name, copy, ownsStream: true);
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>All bytes of an index of several files.</summary>
    /// <exception cref="InvalidDataException">It is too long to be one.</exception>
    public static byte[] ReadIndex(string path)
    {
        using var source = Open(path);
        if (source.Length > SafetensorsFile.MaxHeaderLength)
            throw Damaged(path, $"An index must have at most {SafetensorsFile.MaxHeaderLength} bytes. Actual number was {source.Length}");
        var bytes = new byte[source.Length];
        _ = source.Read(0, bytes);
        return bytes;
    }

    /// <summary>What to throw of a file that is not as it should be.</summary>
    public static InvalidDataException Damaged(string name, string what, Exception? cause = null) => new($"{what}. File: '{name}'.", cause);

    /// <summary>Reads bytes.</summary>
    /// <returns>How many there were; fewer than asked for only at the end.</returns>
    public int Read(long offset, Span<byte> destination)
    {
        if (_stream is not null)
        {
            _stream.Position = _start + offset;
            return _stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        }
        var done = 0;
        for (int read; done < destination.Length && (read = RandomAccess.Read(_file!, destination[done..], offset + done)) > 0;)
            done += read;
        return done;
    }

    /// <summary>All of it as a stream, which stands at the beginning.</summary>
    public Stream AsStream() => new SourceStream(this);

    /// <summary>Closes the file. A stream of the caller's stays open, at its end.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        if (_ownsStream)
            _stream?.Dispose();
        else if (_stream is { CanSeek: true })
            _stream.Position = _start + Length;
    }
}
