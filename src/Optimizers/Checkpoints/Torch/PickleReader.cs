using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>
/// Reads pickles of protocol 2 as <c>torch.save</c> writes them, as data and nothing but data: numbers, texts, lists, tuples (arrays),
/// dictionaries, and what <see cref="TorchObjects"/> allows. Any other opcode or name is refused.
/// </summary>
/// <remarks>
/// Source: Python's <c>pickletools</c>, which documents each opcode. A pickle of n bytes takes memory in proportion to n, up to a limit;
/// nothing recurses while it is read, and what contains itself or is nested too deeply is refused at the end.
/// </remarks>
/// <param name="stream">What to read; positioned at the start.</param>
/// <param name="length">How many bytes there are.</param>
/// <param name="objects">Knows what names and storages stand for.</param>
internal sealed class PickleReader(Stream stream, long length, TorchObjects objects)
{
    /// <summary>Bytes beyond which pickles are refused; a tensor takes about 150.</summary>
    public const long MaxLength = 100_000_000;

    /// <summary>Values beyond which pickles are refused; a tensor takes about 25.</summary>
    public const int MaxValues = 8_000_000;

    /// <summary>Nesting beyond which pickles are refused.</summary>
    public const int MaxDepth = 64;

    /// <summary>The opcode that every pickle begins with.</summary>
    public const byte Protocol = 0x80;

    private const int MaxIntegerLength = 16, MaxNameLength = 256;

    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private readonly byte[] _few = new byte[MaxIntegerLength];
    private int _values;

    /// <summary>How many bytes were read.</summary>
    public long Position { get; private set; }

    /// <summary>What is below the last mark is out of reach.</summary>
    private int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    /// <summary>Reads the next pickle.</summary>
    /// <exception cref="InvalidDataException">It is damaged, too large, or more than data.</exception>
    public object? Read()
    {
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        for (var code = Byte(); code != '.'; code = Byte())
            Execute(code);
        if (_marks.Count != 0 || _stack.Count != 1)
            throw new InvalidDataException($"A pickle must end with one value. Actual number was {_stack.Count}, with {_marks.Count} marks");
        ThrowIfNested(_stack[0], [], [], MaxDepth);
        return _stack[0];
    }

    private void Execute(byte code)
    {
        // By the characters of pickle's own table; beyond ASCII: True, False, LONG1, and tuples of one, two and three.
        switch (code)
        {
            case Protocol: ThrowIfOtherProtocol(Byte()); break;
            case (byte)'(': Count(); _marks.Add(_stack.Count); break;
            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'K': Push((long)Byte()); break;
            case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2))); break;
            case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Bytes(4))); break;
            case 0x8a: PushInteger(Byte()); break;
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Bytes(8))); break;
            case (byte)'X': Push(Text(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4)))); break;
            case (byte)']': Push(new List<object?>()); break;
            case (byte)'}': Push(new PickleDictionary()); break;
            case (byte)')': Push(Array.Empty<object?>()); break;
            case (byte)'t': Push(PopToMark()); break;
            case 0x85 or 0x86 or 0x87: Push(Pop(code - 0x84)); break;
            case (byte)'q': _memo[Byte()] = Peek(); break;
            case (byte)'r': _memo[BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))] = Peek(); break;
            case (byte)'h': Push(Recall(Byte())); break;
            case (byte)'j': Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4)))); break;
            case (byte)'a': Append(Pop(1)); break;
            case (byte)'e': Append(PopToMark()); break;
            case (byte)'s': SetItems(Pop(2)); break;
            case (byte)'u': SetItems(PopToMark()); break;
            case (byte)'c': Push(TorchObjects.Global(Line(), Line())); break;
            case (byte)'R': Push(Pop(2) is [var function, var arguments] ? TorchObjects.Call(function, arguments) : null); break;
            case (byte)'Q': Push(objects.Storage(Pop(1)[0])); break;
            // What a module's state dictionary says about versions of its layers: attributes that no tensor is in.
            case (byte)'b' when Pop(1) is [PickleDictionary] && Peek() is PickleDictionary: break;
            default: throw new InvalidDataException($"Opcode 0x{code:x2} at byte {Position - 1} is not allowed there: a file of tensors does not need it");
        }
    }

    private static void ThrowIfOtherProtocol(byte protocol)
    {
        if (protocol != 2)
            throw new InvalidDataException($"A pickle must have protocol 2, as torch.save writes it. Actual protocol was {protocol}");
    }

    /// <summary>Refuses what contains itself, or is nested too deeply. What is there several times is visited once.</summary>
    private static void ThrowIfNested(object? value, HashSet<object> above, HashSet<object> done, int depth)
    {
        IEnumerable<object?>? parts = value switch
        {
            object?[] tuple => tuple,
            List<object?> list => list,
            PickleDictionary dictionary => dictionary.Values,
            _ => null,
        };
        if (parts is null || done.Contains(value!))
            return;
        if (depth == 0)
            throw new InvalidDataException($"A pickle must be nested at most {MaxDepth} deep. It is deeper");
        if (!above.Add(value!))
            throw new InvalidDataException("A pickle must not contain what contains itself. It has such a list or dictionary");
        foreach (var part in parts)
            ThrowIfNested(part, above, done, depth - 1);
        above.Remove(value!);
        done.Add(value!);
    }

    private void Append(object?[] items)
    {
        if (Peek() is not List<object?> list)
            throw new InvalidDataException($"Items must go into a list. Actual kind was {Kind(Peek())}");
        list.AddRange(items);
    }

    private void SetItems(object?[] items)
    {
        if (Peek() is not PickleDictionary dictionary || items.Length % 2 != 0)
            throw new InvalidDataException($"Pairs must go into a dictionary. Actual kind was {Kind(Peek())}, of {items.Length} keys and values");
        for (var i = 0; i < items.Length; i += 2)
        {
            if (items[i] is not (string or long))
                throw new InvalidDataException($"Keys of a dictionary must be texts or whole numbers. Actual kind was {Kind(items[i])}");
            if (!dictionary.TryAdd(items[i]!, items[i + 1]))
                throw new InvalidDataException($"Key '{items[i]}' of a dictionary must be there once");
        }
    }

    private static string Kind(object? value) => value?.GetType().Name ?? "None";

    private object? Recall(uint index) => _memo.TryGetValue(index, out var value) ? value : throw new InvalidDataException($"A pickle must remember what it refers to. Number {index} is missing");

    private void Push(object? value)
    {
        Count();
        _stack.Add(value);
    }

    private void Count()
    {
        if (++_values > MaxValues)
            throw new InvalidDataException($"Pickles must have at most {MaxValues} values. They have more");
    }

    private object? Peek() => _stack.Count > Floor ? _stack[^1] : throw Underflow();

    private object?[] Pop(int count)
    {
        if (_stack.Count - count < Floor)
            throw Underflow();
        var values = new object?[count];
        _stack.CopyTo(_stack.Count - count, values, 0, count);
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private object?[] PopToMark()
    {
        if (_marks.Count == 0)
            throw new InvalidDataException("A pickle must have a mark where it goes back to one. There is none");
        var values = Pop(_stack.Count - Floor);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    private InvalidDataException Underflow() => new($"A pickle must not take more values than it has. It does at byte {Position - 1}");

    private byte Byte() => Bytes(1)[0];

    private ReadOnlySpan<byte> Bytes(long count)
    {
        if (count > Math.Min(length, MaxLength) - Position)
            throw new InvalidDataException($"A pickle must be whole, and at most {MaxLength} bytes long. At byte {Position} of {length}, {count} more are asked for");
        var bytes = count <= _few.Length ? _few.AsSpan(0, (int)count) : new byte[count];
        stream.ReadExactly(bytes);
        Position += count;
        return bytes;
    }

    private void PushInteger(byte count)
    {
        if (count > MaxIntegerLength)
            throw new InvalidDataException($"A whole number must have at most {MaxIntegerLength} bytes. Actual number was {count}");
        var integer = new BigInteger(Bytes(count));
        if (integer >= long.MinValue && integer <= long.MaxValue)
            Push((long)integer);
        else
            Push(integer);
    }

    private string Text(uint count)
    {
        try
        {
            return _utf8.GetString(Bytes(count));
        }
        catch (DecoderFallbackException failure)
        {
            throw new InvalidDataException($"A text must be UTF-8. That before byte {Position} is not", failure);
        }
    }

    private string Line()
    {
        var line = new StringBuilder();
        for (var next = Byte(); next != '\n'; next = Byte())
        {
            if (line.Length == MaxNameLength)
                throw new InvalidDataException($"A global name must have at most {MaxNameLength} characters. '{line}' goes on");
            line.Append(char.IsBetween((char)next, ' ', '~') ? (char)next : '?');
        }
        return $"{line}";
    }
}
