using System.Runtime.InteropServices;
using System.Text;

namespace VirtualCard.Driver.Exports;

/// <summary>Strings of C.</summary>
internal static unsafe class Text
{
    /// <summary>Writes as much as there is room for, and a zero.</summary>
    /// <returns>The bytes that were written, without the zero.</returns>
    public static int Give(byte* target, int size, string text)
    {
        if (size <= 0)
            return 0;
        var bytes = Encoding.UTF8.GetBytes(text);
        var count = Math.Min(bytes.Length, size - 1);
        bytes.AsSpan(0, count).CopyTo(new Span<byte>(target, count));
        target[count] = 0;
        return count;
    }

    public static string Take(byte* text, string role) =>
        Marshal.PtrToStringUTF8((nint)text) ?? throw new DriverException(Result.InvalidValue, $"the {role} is null");
}
