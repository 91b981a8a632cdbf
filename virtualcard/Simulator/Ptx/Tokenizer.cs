using System.Buffers;

namespace VirtualCard.Ptx;

/// <summary>Cuts PTX text into words. Lines of .version, .target, .address_size, .file and .loc stay out of them.</summary>
internal ref struct Tokenizer(string text)
{
    private static readonly SearchValues<char> _word = SearchValues.Create("$_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private readonly ReadOnlySpan<char> _text = text;

    private readonly List<Token> _tokens = new(text.Length / 4 + 16);

    private int _position;

    private int _line = 1;

    private int _lineStart;

    /// <summary>What stands behind the first .version, .target, ...</summary>
    public Dictionary<string, string> Directives { get; } = new(StringComparer.Ordinal);

    /// <summary>All tokens, with one of kind <see cref="TokenKind.End"/> behind them.</summary>
    public List<Token> Tokenize()
    {
        while (_position < _text.Length)
        {
            var c = _text[_position];
            if (c == '\n')
                EndLine();
            else if (char.IsWhiteSpace(c))
                _position++;
            else if (c == '/')
                SkipComment();
            else if (c == '.' ? IsLetter(At(1)) : IsLetter(c) || c is '%' or '$')
                ReadIdentifier();
            else if (char.IsAsciiDigit(c) || c == '.' && char.IsAsciiDigit(At(1)))
                ReadNumber();
            else if (c == '"')
                ReadText();
            else if ("{}()[],;:@!|+-<>=*&~".Contains(c))
                Add(TokenKind.Punctuation, _position + 1);
            else
                throw Unexpected();
        }
        _tokens.Add(new(TokenKind.End, _text.Length, 0, _tokens.Count > 0 ? _tokens[^1].Line : 0));
        return _tokens;
    }

    private static bool IsLetter(char c) => char.IsAsciiLetter(c) || c == '_';

    private static bool IsWord(char c) => _word.Contains(c);

    private readonly char At(int ahead) => _position + ahead < _text.Length ? _text[_position + ahead] : '\0';

    private readonly PtxException Unexpected() => new($"line {_line}: unexpected character '{_text[_position]}'");

    private void Add(TokenKind kind, int end)
    {
        _tokens.Add(new(kind, _position, end - _position, _line));
        _position = end;
    }

    private void EndLine()
    {
        _position++;
        _line++;
        _lineStart = _position;
    }

    private void SkipComment()
    {
        var rest = _text[_position..];
        if (At(1) == '/')
        {
            var length = rest.IndexOf('\n');
            _position += length < 0 ? rest.Length : length;
            return;
        }
        var end = At(1) == '*' ? rest[2..].IndexOf("*/") : -1;
        if (end < 0)
            throw Unexpected();
        Advance(_position + end + 4);
    }

    /// <summary>Moves over text that may have ends of lines in it.</summary>
    private void Advance(int end)
    {
        var lines = _text[_position..end].Count('\n');
        _line += lines;
        if (lines > 0)
            _lineStart = _position + _text[_position..end].LastIndexOf('\n') + 1;
        _position = end;
    }

    private void ReadIdentifier()
    {
        var end = EndOfWord(_position + 1);
        if (_text[_position] == '.' && IsDirectiveOfLine(_text[(_position + 1)..end]) && _text[_lineStart.._position].Trim(" \t").IsEmpty)
        {
            ReadDirective(end);
            return;
        }
        while (end + 1 < _text.Length)
        {
            var next = _text[end] == '.' ? end + 1 : _text[end] == ':' && _text[end + 1] == ':' ? end + 2 : _text.Length;
            if (next >= _text.Length || !IsWord(_text[next]))
                break;
            end = EndOfWord(next);
        }
        Add(TokenKind.Identifier, end);
    }

    private readonly int EndOfWord(int start)
    {
        var length = _text[start..].IndexOfAnyExcept(_word);
        return length < 0 ? _text.Length : start + length;
    }

    private static bool IsDirectiveOfLine(ReadOnlySpan<char> name) => name is "loc" or "file" or "version" or "target" or "address_size";

    private void ReadDirective(int end)
    {
        var length = _text[end..].IndexOf('\n');
        var line = length < 0 ? _text[end..] : _text.Slice(end, length);
        var name = _text[(_position + 1)..end];
        if (name is not "loc" and not "file")
        {
            var comment = line.IndexOf("//");
            Directives.TryAdd(name.ToString(), (comment < 0 ? line : line[..comment]).Trim().ToString());
        }
        _position = end + line.Length;
    }

    private void ReadNumber()
    {
        if (At(0) == '0' && FloatBitsLength() is var length and > 0)
        {
            Add(TokenKind.FloatBits, _position + length);
            return;
        }
        var end = _position;
        if (At(0) == '0' && (At(1) is 'x' or 'X' && char.IsAsciiHexDigit(At(2)) || At(1) is 'b' or 'B' && At(2) is '0' or '1'))
        {
            var isHex = At(1) is 'x' or 'X';
            end += 3;
            while (end < _text.Length && (isHex ? char.IsAsciiHexDigit(_text[end]) : _text[end] is '0' or '1'))
                end++;
            Add(TokenKind.Number, isHex && end < _text.Length && _text[end] == 'U' ? end + 1 : end);
            return;
        }
        end = EndOfDigits(end);
        var isInteger = true;
        if (end < _text.Length && _text[end] == '.')
        {
            end = EndOfDigits(end + 1);
            isInteger = false;
        }
        if (end < _text.Length && _text[end] is 'e' or 'E')
        {
            var digits = end + 1 < _text.Length && _text[end + 1] is '+' or '-' ? end + 2 : end + 1;
            if (EndOfDigits(digits) is var exponent && exponent > digits)
            {
                end = exponent;
                isInteger = false;
            }
        }
        Add(TokenKind.Number, isInteger && end < _text.Length && _text[end] == 'U' ? end + 1 : end);
    }

    private readonly int EndOfDigits(int end)
    {
        while (end < _text.Length && char.IsAsciiDigit(_text[end]))
            end++;
        return end;
    }

    /// <summary>10 for 0f3F800000, 18 for 0d3FF0000000000000, 0 for anything else.</summary>
    private readonly int FloatBitsLength()
    {
        var length = At(1) switch
        {
            'f' or 'F' => 10,
            'd' or 'D' => 18,
            _ => 0,
        };
        if (length == 0 || _position + length > _text.Length || IsWord(At(length)))
            return 0;
        foreach (var c in _text.Slice(_position + 2, length - 2))
        {
            if (!char.IsAsciiHexDigit(c))
                return 0;
        }
        return length;
    }

    private void ReadText()
    {
        var end = _position + 1;
        while (end < _text.Length && _text[end] != '"')
            end += _text[end] == '\\' ? 2 : 1;
        if (end >= _text.Length)
            throw Unexpected();
        _tokens.Add(new(TokenKind.Text, _position, end + 1 - _position, _line));
        Advance(end + 1);
    }
}
