using System.Globalization;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>Says what a value of a pickle is, for messages.</summary>
internal static class PickleValue
{
    private const int MaxLength = 100;

    /// <summary>A short text, whatever is in the value.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "None",
        object?[] tuple => $"a tuple of {tuple.Length}",
        _ => Shorten(Convert.ToString(value, CultureInfo.InvariantCulture)!),
    };

    /// <summary>What kind of value it is.</summary>
    public static string Kind(object? value) => value switch
    {
        string => "a text",
        long or System.Numerics.BigInteger => "a whole number",
        double => "a number",
        bool => "True or False",
        _ => Describe(value),
    };

    /// <summary>The start of a text, and nothing in it that a terminal would act on.</summary>
    public static string Shorten(string text)
    {
        if (text.Length <= MaxLength && !text.Any(char.IsControl))
            return text;
        var start = string.Concat(text.Take(MaxLength).Select(each => char.IsControl(each) ? '?' : each));
        return text.Length <= MaxLength ? start : $"{start}…";
    }
}
