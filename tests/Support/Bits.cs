using GpuOptim.Host;

namespace GpuOptim.Tests.Support;

/// <summary>Comparison to the last bit. NaN is a class: every NaN equals every other.</summary>
internal static class Bits
{
    /// <summary>Fails at the first element that differs in any bit.</summary>
    public static void AreEqual<T>(ReadOnlySpan<T> actual, ReadOnlySpan<T> expected, string what) where T : unmanaged
    {
        Assert.That(actual.Length, Is.EqualTo(expected.Length), $"{what}: length");
        for (var i = 0; i < actual.Length; i++)
        {
            if (!Same(actual[i], expected[i]))
                Assert.Fail($"{what}[{i}]: expected {Describe(expected[i])}, was {Describe(actual[i])}");
        }
    }

    /// <summary>A parameter's bytes in hexadecimal digits.</summary>
    public static string Hexadecimal(Parameter parameter)
    {
        var bytes = new byte[parameter.Data.SizeInBytes];
        parameter.Data.CopyBytesTo(bytes);
        return Convert.ToHexString(bytes);
    }

    public static bool Same<T>(T a, T b) where T : unmanaged => Of(a) == Of(b) || (float.IsNaN(ToFloat(a)) && float.IsNaN(ToFloat(b)));

    public static float ToFloat<T>(T value) where T : unmanaged => value switch
    {
        float single => single,
        BFloat16 bfloat16 => bfloat16,
        Half half => (float)half,
        _ => throw new NotSupportedException(typeof(T).Name),
    };

    public static T FromFloat<T>(float value) where T : unmanaged => (T)(object)(
        typeof(T) == typeof(BFloat16) ? (BFloat16)value
        : typeof(T) == typeof(Half) ? (Half)value
        : (object)value);

    private static uint Of<T>(T value) where T : unmanaged => value switch
    {
        float single => BitConverter.SingleToUInt32Bits(single),
        BFloat16 bfloat16 => bfloat16.Bits,
        Half half => BitConverter.HalfToUInt16Bits(half),
        _ => throw new NotSupportedException(typeof(T).Name),
    };

    private static string Describe<T>(T value) where T : unmanaged => $"{ToFloat(value):G9} (0x{Of(value):x})";
}
