using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Unicode;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>Texts and numbers as pickles write them, in UTF-8 and in the ASCII of the first protocols.</summary>
internal static class PickleText
{
    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A text in UTF-8; null if it is none.</summary>
    public static string? Read(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) ? _utf8.GetString(bytes) : null;

    /// <summary>Whether bytes are UTF-8 but for lone surrogates, which Python's texts can have and its pickles write as other characters.</summary>
    public static bool IsText(byte[] bytes)
    {
        if (Utf8.IsValid(bytes))
            return true;
        var start = 0;
        for (var i = 0; i + 2 < bytes.Length; i++)
        {
            if (bytes[i] != 0xed || bytes[i + 1] is < 0xa0 or > 0xbf || bytes[i + 2] is < 0x80 or > 0xbf)
                continue;
            if (!Utf8.IsValid(bytes.AsSpan(start, i - start)))
                return false;
            i += 2;
            start = i + 1;
        }
        return Utf8.IsValid(bytes.AsSpan(start));
    }

    /// <summary>Decimal digits, behind a sign where there is one.</summary>
    public static BigInteger? Whole(ReadOnlySpan<byte> digits) =>
        BigInteger.TryParse(Encoding.Latin1.GetString(digits), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A number as Python's <c>repr</c> writes it.</summary>
    public static double? Number(ReadOnlySpan<byte> text) => Encoding.Latin1.GetString(text) switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" or "-nan" => double.NaN,
        var other => double.TryParse(other, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null,
    };

    /// <summary>Bytes between quotes, with backslashes before what cannot stand for itself; null if there are no quotes.</summary>
    public static byte[]? Unquote(ReadOnlySpan<byte> line)
    {
        if (line.Length < 2 || line[0] != line[^1] || line[0] is not ((byte)'\'' or (byte)'"'))
            return null;
        line = line[1..^1];
        var bytes = new List<byte>(line.Length);
        while (line.Length > 0)
        {
            var (value, length) = line is [(byte)'\\', var escape, ..] ? Escaped(line, escape) : (line[0], 1);
            bytes.Add((byte)value);
            line = line[length..];
        }
        return [.. bytes];
    }

    /// <summary>Latin-1, with <c>\u0000</c> and <c>\U00000000</c> for what is beyond.</summary>
    public static string RawUnicode(ReadOnlySpan<byte> line)
    {
        var text = new StringBuilder(line.Length);
        while (line.Length > 0)
        {
            var digits = line is [(byte)'\\', (byte)'u', ..] ? 4 : line is [(byte)'\\', (byte)'U', ..] ? 8 : 0;
            if (digits > 0 && line.Length >= 2 + digits && int.TryParse(line.Slice(2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && code is >= 0 and <= 0x10ffff)
            {
                text.Append(code > char.MaxValue ? char.ConvertFromUtf32(code) : $"{(char)code}");
                line = line[(2 + digits)..];
            }
            else
            {
                text.Append((char)line[0]);
                line = line[1..];
            }
        }
        return $"{text}";
    }

    private static (int Value, int Length) Escaped(ReadOnlySpan<byte> line, byte escape)
    {
        if (escape == 'x' && line.Length >= 4 && byte.TryParse(line.Slice(2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            return (code, 4);
        code = 0;
        var digits = 0;
        for (; digits < 3 && 1 + digits < line.Length && line[1 + digits] is >= (byte)'0' and <= (byte)'7'; digits++)
            code = (byte)(code * 8 + line[1 + digits] - '0');
        if (digits > 0)
            return (code, 1 + digits);
        var place = "\\'\"abfnrtv"u8.IndexOf(escape);
        return place < 0 ? ('\\', 1) : ("\\'\"\a\b\f\n\r\t\v"u8[place], 2);
    }
}
