namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>The bytes of pickles, one after another.</summary>
/// <param name="stream">What to read; positioned at the start.</param>
/// <param name="length">How many bytes there are.</param>
/// <param name="budget">Memory that may be taken.</param>
internal sealed class PickleInput(Stream stream, long length, PickleBudget budget)
{
    /// <summary>The longest stretch that is looked at without an array of its own.</summary>
    public const int MaxSpan = 1 << 16;

    private readonly byte[] _buffer = new byte[Math.Clamp(length, 0, MaxSpan)];
    private int _start, _end;

    /// <summary>How many bytes were read.</summary>
    public long Position { get; private set; }

    /// <summary>The next byte.</summary>
    public byte Byte() => _start < _end && Position < PickleReader.MaxLength ? _buffer[Skip(1)] : Span(1)[0];

    /// <summary>The next bytes, until more are read.</summary>
    public ReadOnlySpan<byte> Span(int count)
    {
        ThrowIfFewer((ulong)count);
        Fill(count);
        return _buffer.AsSpan(Skip(count), count);
    }

    /// <summary>The next bytes, in an array of their own.</summary>
    public byte[] Array(ulong count)
    {
        ThrowIfFewer(count);
        budget.Charge(32 + (long)count);
        var bytes = new byte[count];
        var known = Math.Min(bytes.Length, _end - _start);
        _buffer.AsSpan(_start, known).CopyTo(bytes);
        _start += known;
        for (var place = known; place < bytes.Length;)
            place += Some(bytes.AsSpan(place));
        Position += bytes.Length;
        return bytes;
    }

    /// <summary>The bytes up to the next line break, without it, until more are read.</summary>
    public ReadOnlySpan<byte> Line(int max, string what)
    {
        for (var count = 0; ; count++)
        {
            // At the end of the bytes, the line is not whole.
            ThrowIfFewer((ulong)count + 1);
            if (count > max || count == MaxSpan)
                throw new InvalidDataException($"{what} must have at most {Math.Min(max, MaxSpan)} characters. That before byte {Position + count} has more");
            Fill(count + 1);
            if (_buffer[_start + count] == '\n')
                return _buffer.AsSpan(Skip(count + 1), count);
        }
    }

    /// <summary>Refuses more bytes than there are.</summary>
    public void ThrowIfFewer(ulong count)
    {
        if (count > (ulong)Math.Max(0, Math.Min(length, PickleReader.MaxLength) - Position))
            throw new InvalidDataException($"A pickle must be whole, and at most {PickleReader.MaxLength} bytes long. At byte {Position} of {length}, {count} more are asked for");
    }

    private int Skip(int count)
    {
        Position += count;
        return (_start += count) - count;
    }

    /// <summary>Has that many bytes in the buffer.</summary>
    private void Fill(int count)
    {
        if (_end - _start >= count)
            return;
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        while (_end < count)
            _end += Some(_buffer.AsSpan(_end, (int)Math.Min(_buffer.Length - _end, length - Position - _end)));
    }

    private int Some(Span<byte> destination) => stream.Read(destination) is > 0 and var read
        ? read
        : throw new InvalidDataException($"A pickle must be whole. Of its {length} bytes, the last are missing");
}
