using System.Buffers.Binary;
using System.Numerics;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>
/// Reads pickles of protocols 2 to 5 as data and nothing but data: numbers, texts, bytes, lists, tuples (arrays), dictionaries, sets, and what
/// <see cref="TorchObjects"/> knows. Any other class or function is a <see cref="PickleObject"/>, which says its name and does nothing. Opcodes
/// that reach outside of the file are refused.
/// </summary>
/// <remarks>
/// Source: Python's <c>pickletools</c>, which documents each opcode. Nothing recurses while a pickle is read, and it takes memory up to a
/// <see cref="PickleBudget"/>. Values may contain themselves, or be nested a million deep: whoever walks them must count on it.
/// </remarks>
internal sealed class PickleReader
{
    /// <summary>Bytes beyond which pickles are refused; a tensor takes about 150.</summary>
    public const long MaxLength = 100_000_000;

    /// <summary>The opcode that every pickle begins with.</summary>
    public const byte Protocol = 0x80;

    private const int MinProtocol = 2, MaxProtocol = 5, MaxNameLength = 4096, MaxIntegerLength = 255, MaxDigits = 600;

    /// <summary>Whole numbers that every pickle has many of.</summary>
    private static readonly object[] _small = [.. Enumerable.Range(0, 256).Select(number => (object)(long)number)];

    private static readonly object _true = true, _false = false;

    private readonly TorchObjects _objects;
    private readonly PickleBudget _budget;
    private readonly PickleInput _input;
    private readonly PickleStack _stack;
    private readonly PickleMemo _memo;

    /// <summary>A reader of one pickle after another.</summary>
    /// <param name="stream">What to read; positioned at the start. Memory is taken up to its length, and some more.</param>
    /// <param name="length">How many bytes there are.</param>
    /// <param name="objects">Knows what names and storages stand for.</param>
    public PickleReader(Stream stream, long length, TorchObjects objects)
    {
        _objects = objects;
        _budget = new(stream.Length);
        _input = new(stream, length, _budget);
        _stack = new(_budget);
        _memo = new(_budget);
    }

    /// <summary>How many bytes were read.</summary>
    public long Position => _input.Position;

    /// <summary>Reads the next pickle.</summary>
    /// <exception cref="InvalidDataException">It is damaged, too large, or more than data.</exception>
    public object? Read()
    {
        _stack.Clear();
        _memo.Clear();
        for (var code = _input.Byte(); code != '.'; code = _input.Byte())
            Execute(code);
        return _stack is { Marks: 0, Count: 1 }
            ? _stack.Pop()
            : throw new InvalidDataException($"A pickle must end with one value. Actual number was {_stack.Count}, with {_stack.Marks} marks");
    }

    private void Execute(byte code)
    {
        // By the characters of pickle's own table; beyond ASCII, by their numbers.
        switch (code)
        {
            case Protocol: ThrowIfOtherProtocol(_input.Byte()); break;
            case 0x95: _input.ThrowIfFewer(UInt64()); break;

            case (byte)'(': _stack.Mark(); break;
            case (byte)'0': _stack.Drop(); break;
            case (byte)'1': _stack.DropToMark(); break;
            case (byte)'2': _stack.Push(_stack.Peek()); break;

            case (byte)'N': _stack.Push(null); break;
            case 0x88: _stack.Push(_true); break;
            case 0x89: _stack.Push(_false); break;
            case (byte)'K': _stack.Push(_small[_input.Byte()]); break;
            case (byte)'M': _stack.Push(Whole(BinaryPrimitives.ReadUInt16LittleEndian(_input.Span(2)))); break;
            case (byte)'J': _stack.Push(Whole(BinaryPrimitives.ReadInt32LittleEndian(_input.Span(4)))); break;
            case 0x8a: _stack.Push(Integer(_input.Byte())); break;
            case 0x8b: _stack.Push(Integer(UInt32())); break;
            case (byte)'I' or (byte)'L': _stack.Push(Digits()); break;
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(_input.Span(8))); break;
            case (byte)'F': Push(PickleText.Number(Line(MaxNameLength, "A number")) ?? throw Unfit("A number must be one")); break;

            case 0x8c: _stack.Push(Text(_input.Byte())); break;
            case (byte)'X': _stack.Push(Text(UInt32())); break;
            case 0x8d: _stack.Push(Text(UInt64())); break;
            case (byte)'V': _stack.Push(Line(raw: true)); break;
            // Texts of Python 2, which may also be bytes.
            case (byte)'U': _stack.Push(TextOrBytes(_input.Byte())); break;
            case (byte)'T': _stack.Push(TextOrBytes(UInt32())); break;
            case (byte)'S': _stack.Push(Line(raw: false)); break;
            case (byte)'C': _stack.Push(Bytes(_input.Byte())); break;
            case (byte)'B': _stack.Push(Bytes(UInt32())); break;
            case 0x8e or 0x96: _stack.Push(Bytes(UInt64())); break;

            case (byte)']': _stack.Push(List([])); break;
            case (byte)'}': _stack.Push(Dictionary([])); break;
            case (byte)')': _stack.Push(Array.Empty<object?>()); break;
            case 0x8f: _stack.Push(Set([])); break;
            case (byte)'t': _stack.Push(_stack.PopToMark()); break;
            case 0x85 or 0x86 or 0x87: _stack.Push(_stack.Pop(code - 0x84)); break;
            case (byte)'l': _stack.Push(List(_stack.PopToMark())); break;
            case (byte)'d': _stack.Push(Dictionary(_stack.PopToMark())); break;
            case 0x91: _stack.Push(Set(_stack.PopToMark())); break;

            case (byte)'q': _memo.Set(_input.Byte(), _stack.Peek()); break;
            case (byte)'r': _memo.Set(UInt32(), _stack.Peek()); break;
            case (byte)'p': _memo.Set(Index(), _stack.Peek()); break;
            case 0x94: _memo.Set(_memo.Count, _stack.Peek()); break;
            case (byte)'h': _stack.Push(_memo.Get(_input.Byte())); break;
            case (byte)'j': _stack.Push(_memo.Get(UInt32())); break;
            case (byte)'g': _stack.Push(_memo.Get(Index())); break;

            case (byte)'a': Append([_stack.Pop()], _stack.Peek()); break;
            case (byte)'e' or 0x90: Append(_stack.AboveMark(), _stack.BelowMark()); _stack.DropToMark(); break;
            case (byte)'s': SetItem(); break;
            case (byte)'u': SetItems(_stack.AboveMark(), _stack.BelowMark()); _stack.DropToMark(); break;

            case (byte)'c': _stack.Push(TorchObjects.Global(Name(), Name(), _budget)); break;
            case 0x93: GlobalOfTexts(); break;
            case (byte)'R' or 0x81: Call(); break;
            // Arguments by name are left out: what takes them is not known here.
            case 0x92: _stack.Pop(); Call(); break;
            case (byte)'i': _stack.Push(TorchObjects.Call(TorchObjects.Global(Name(), Name(), _budget), _stack.PopToMark(), _budget)); break;
            case (byte)'o': Make(_stack.PopToMark()); break;
            case (byte)'b': Build(_stack.Pop()); break;
            case (byte)'Q': _stack.Push(_objects.Persistent(_stack.Pop(), _budget)); break;
            default: throw new InvalidDataException($"Opcode 0x{code:x2} at byte {Position - 1} is not allowed: it is none, or reaches outside of the file");
        }
    }

    private static void ThrowIfOtherProtocol(byte protocol)
    {
        if (protocol is < MinProtocol or > MaxProtocol)
            throw new InvalidDataException($"A pickle must have a protocol from {MinProtocol} to {MaxProtocol}. Actual protocol was {protocol}");
    }

    private void Append(ReadOnlySpan<object?> items, object? target)
    {
        switch (target)
        {
            case PickleList list: list.Add(items, _budget); break;
            case PickleSet set: set.Items.Add(items, _budget); break;
            // What such an object would do with them is not known.
            case PickleObject: break;
            default: throw new InvalidDataException($"Items must go into a list. Actual value was {PickleValue.Describe(target)}");
        }
    }

    private void SetItems(ReadOnlySpan<object?> items, object? target)
    {
        if (target is not (PickleDictionary or PickleObject) || items.Length % 2 != 0)
            throw new InvalidDataException($"Pairs must go into a dictionary. Actual value was {PickleValue.Describe(target)}, of {items.Length} keys and values");
        if (target is not PickleDictionary dictionary)
            return;
        for (var i = 0; i < items.Length; i += 2)
        {
            if (items[i] is PickleList or PickleDictionary)
                throw new InvalidDataException($"Keys of a dictionary must be what does not change. Actual value was {PickleValue.Describe(items[i])}");
            dictionary.Add(items[i], items[i + 1], _budget);
        }
    }

    private void SetItem()
    {
        var (value, key) = (_stack.Pop(), _stack.Pop());
        SetItems([key, value], _stack.Peek());
    }

    private void Call()
    {
        var (arguments, function) = (_stack.Pop(), _stack.Pop());
        _stack.Push(TorchObjects.Call(function, arguments, _budget));
    }

    private void Make(object?[] values)
    {
        if (values is not [var type, ..])
            throw Unfit("An object must have a class");
        _budget.Charge(32 + 8L * values.Length);
        _stack.Push(TorchObjects.Call(type, values[1..], _budget));
    }

    /// <summary>Sets attributes. Those of what is known, as versions of layers in a module's dictionary, are left out: no tensor is in them.</summary>
    private void Build(object? state)
    {
        if (_stack.Peek() is PickleObject unknown)
            unknown.State = state;
    }

    private void GlobalOfTexts()
    {
        var (name, module) = (_stack.Pop(), _stack.Pop());
        _stack.Push(module is string first && name is string second
            ? TorchObjects.Global(first, second, _budget)
            : throw new InvalidDataException($"A global name must be two texts. Actual values were {PickleValue.Describe(module)} and {PickleValue.Describe(name)}"));
    }

    private PickleList List(object?[] items)
    {
        _budget.Charge(40);
        var list = new PickleList();
        list.Add(items, _budget);
        return list;
    }

    private PickleSet Set(object?[] items)
    {
        _budget.Charge(24);
        return new(List(items));
    }

    private PickleDictionary Dictionary(object?[] items)
    {
        _budget.Charge(PickleDictionary.Size);
        var dictionary = new PickleDictionary();
        SetItems(items, dictionary);
        return dictionary;
    }

    private void Push(double number)
    {
        _budget.Charge(24);
        _stack.Push(number);
    }

    private object Whole(long number)
    {
        if (number is >= 0 and < 256)
            return _small[number];
        _budget.Charge(24);
        return number;
    }

    private object Whole(BigInteger number)
    {
        if (number >= long.MinValue && number <= long.MaxValue)
            return Whole((long)number);
        _budget.Charge(80 + number.GetByteCount());
        return number;
    }

    /// <summary>A whole number of so many bytes. One that nobody could print stays bytes.</summary>
    private object Integer(uint count) => count <= MaxIntegerLength ? Whole(new BigInteger(_input.Span((int)count))) : Unread("builtins.int", count);

    /// <summary>A whole number in decimal, or a flag, which the first protocols write as 00 and 01.</summary>
    private object Digits()
    {
        var line = Line(PickleInput.MaxSpan, "A whole number");
        if (line.SequenceEqual("00"u8) || line.SequenceEqual("01"u8))
            return line[1] == '1' ? _true : _false;
        if (line is [.., (byte)'L'])
            line = line[..^1];
        if (line.Length <= MaxDigits)
            return Whole(PickleText.Whole(line) ?? throw Unfit("A whole number must be one"));
        _budget.Charge(128 + line.Length);
        return new PickleObject("builtins.int", [new PickleBytes(line.ToArray())]);
    }

    private PickleObject Unread(string name, uint count)
    {
        _budget.Charge(128);
        return new(name, [new PickleBytes(_input.Array(count))]);
    }

    private object Text(ulong count)
    {
        if (count <= PickleInput.MaxSpan)
        {
            _budget.Charge(32 + 2 * (long)count);
            var bytes = _input.Span((int)count);
            return PickleText.Read(bytes) ?? (object)AsText(bytes.ToArray());
        }
        return AsText(_input.Array(count));
    }

    private PickleBytes AsText(byte[] bytes) =>
        PickleText.IsText(bytes) ? new(bytes, isText: true) : throw Unfit("A text must be UTF-8");

    private object TextOrBytes(ulong count)
    {
        if (count > PickleInput.MaxSpan)
            return Bytes(count);
        _budget.Charge(64 + 3 * (long)count);
        var bytes = _input.Span((int)count);
        return PickleText.Read(bytes) ?? (object)new PickleBytes(bytes.ToArray());
    }

    private PickleBytes Bytes(ulong count)
    {
        _budget.Charge(32);
        return new(_input.Array(count));
    }

    private object Line(bool raw)
    {
        var line = _input.Line(PickleInput.MaxSpan, "A text");
        _budget.Charge(256 + 12L * line.Length);
        if (raw)
            return PickleText.RawUnicode(line);
        var bytes = PickleText.Unquote(line) ?? throw Unfit("A text must be in quotes");
        return PickleText.Read(bytes) ?? (object)new PickleBytes(bytes);
    }

    /// <summary>The next line, which becomes a text on the way to what it says.</summary>
    private ReadOnlySpan<byte> Line(int max, string what)
    {
        var line = _input.Line(max, what);
        _budget.Charge(64 + 2 * line.Length);
        return line;
    }

    private uint Index() => PickleText.Whole(Line(MaxNameLength, "A number")) is { } number && number >= 0 && number <= uint.MaxValue
        ? (uint)number
        : throw Unfit("What is remembered must have a number");

    private string Name()
    {
        var line = _input.Line(MaxNameLength, "A global name");
        _budget.Charge(32 + 2 * line.Length);
        return string.Create(line.Length, line, static (name, bytes) =>
        {
            for (var i = 0; i < name.Length; i++)
                name[i] = char.IsBetween((char)bytes[i], ' ', '~') ? (char)bytes[i] : '?';
        });
    }

    private uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(_input.Span(4));

    private ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(_input.Span(8));

    private InvalidDataException Unfit(string what) => new($"{what}. That before byte {Position} is not");
}
