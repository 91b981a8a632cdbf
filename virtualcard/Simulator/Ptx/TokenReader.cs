using System.Globalization;

namespace VirtualCard.Ptx;

/// <summary>Reads PTX text word by word.</summary>
internal sealed class TokenReader
{
    private readonly List<Token> _tokens;

    private int _next;

    public TokenReader(string text)
    {
        Source = text;
        var tokenizer = new Tokenizer(text);
        _tokens = tokenizer.Tokenize();
        Directives = tokenizer.Directives;
    }

    public string Source { get; }

    /// <summary>version, target, address_size: what stands behind them.</summary>
    public Dictionary<string, string> Directives { get; }

    /// <summary>The token to be read next.</summary>
    public Token Current => _tokens[_next];

    public ReadOnlySpan<char> CurrentText => TextOf(_tokens[_next]);

    public int Line => Current.Line;

    public bool IsAtEnd => Current.Kind == TokenKind.End;

    public ReadOnlySpan<char> TextOf(Token token) => Source.AsSpan(token.Start, token.Length);

    public bool Is(char punctuation) => IsAt(_next, punctuation);

    /// <summary>Whether a mark stands behind the token to be read next.</summary>
    public bool IsFollowedBy(char punctuation) => _next + 1 < _tokens.Count && IsAt(_next + 1, punctuation);

    public Token Next()
    {
        var token = _tokens[_next];
        if (token.Kind == TokenKind.End)
            throw new PtxException("unexpected end of PTX text");
        _next++;
        return token;
    }

    public ReadOnlySpan<char> NextText() => TextOf(Next());

    public bool Accept(char punctuation)
    {
        if (!Is(punctuation))
            return false;
        _next++;
        return true;
    }

    public Token Expect(char punctuation)
    {
        if (Is(punctuation))
            return Next();
        var token = Next();
        throw new PtxException($"line {token.Line}: expected '{punctuation}', found '{TextOf(token)}'");
    }

    public PtxException Failure(string message) => new($"line {Line}: {message}");

    public void SkipTo(char punctuation)
    {
        while (!Is(punctuation))
            Next();
        Next();
    }

    /// <summary>Skips to the end of braces that are open.</summary>
    public void SkipBraces()
    {
        for (var depth = 1; depth > 0;)
        {
            depth += Is('{') ? 1 : Is('}') ? -1 : 0;
            Next();
        }
    }

    public long ReadInteger()
    {
        var number = ReadNumber();
        if (number.Kind != ImmediateKind.Integer)
            throw Failure("integer expected");
        return (long)number.Bits;
    }

    /// <summary>A number with its signs.</summary>
    public Immediate ReadNumber()
    {
        var isNegative = false;
        while (Is('-') || Is('+'))
            isNegative ^= NextText()[0] == '-';
        var token = Next();
        if (token.Kind is not TokenKind.Number and not TokenKind.FloatBits)
            throw NotANumber(token);
        var number = token.Kind == TokenKind.FloatBits ? ReadBits(TextOf(token)) : ReadPlainNumber(token);
        if (!isNegative)
            return number;
        return number.Kind switch
        {
            ImmediateKind.Integer => new(ImmediateKind.Integer, 0 - number.Bits),
            ImmediateKind.Decimal => new(ImmediateKind.Decimal, number.Bits ^ 1ul << 63),
            _ => throw Failure("negated bit pattern"),
        };
    }

    private bool IsAt(int index, char punctuation)
    {
        var token = _tokens[index];
        return token.Kind == TokenKind.Punctuation && Source[token.Start] == punctuation;
    }

    private static Immediate ReadBits(ReadOnlySpan<char> text) =>
        new(text[1] is 'f' or 'F' ? ImmediateKind.Bits32 : ImmediateKind.Bits64, ulong.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private Immediate ReadPlainNumber(Token token)
    {
        var text = TextOf(token).TrimEnd('U');
        var radix = text switch
        {
            ['0', 'x' or 'X', ..] => 16u,
            ['0', 'b' or 'B', ..] => 2u,
            _ when text.ContainsAny('.', 'e', 'E') => 0u,
            ['0', ..] => 8u,
            _ => 10u,
        };
        if (radix == 0)
            return new(ImmediateKind.Decimal, BitConverter.DoubleToUInt64Bits(double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)));
        ulong value = 0;
        foreach (var c in radix is 16 or 2 ? text[2..] : text)
        {
            var digit = (uint)(char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
            if (digit >= radix || value > (ulong.MaxValue - digit) / radix)
                throw NotANumber(token);
            value = value * radix + digit;
        }
        return new(ImmediateKind.Integer, value);
    }

    private PtxException NotANumber(Token token) => new($"line {token.Line}: number expected, found '{TextOf(token)}'");
}
