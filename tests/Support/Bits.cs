using System.Runtime.InteropServices;
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

    /// <summary>A parameter's bytes in hexadecimal digits, every NaN as the same one.</summary>
    public static string Hexadecimal(Parameter parameter) => parameter switch
    {
        Parameter<float> single => Hexadecimal(single, float.NaN),
        Parameter<BFloat16> bfloat16 => Hexadecimal(bfloat16, (BFloat16)float.NaN),
        Parameter<Half> half => Hexadecimal(half, Half.NaN),
        _ => throw new NotSupportedException(parameter.GetType().Name),
    };

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

    private static string Hexadecimal<T>(Parameter<T> parameter, T nan) where T : unmanaged =>
        Convert.ToHexString(MemoryMarshal.AsBytes<T>([.. parameter.Data.ToArray().Select(value => float.IsNaN(ToFloat(value)) ? nan : value)]));

    private static uint Of<T>(T value) where T : unmanaged => value switch
    {
        float single => BitConverter.SingleToUInt32Bits(single),
        BFloat16 bfloat16 => bfloat16.Bits,
        Half half => BitConverter.HalfToUInt16Bits(half),
        _ => throw new NotSupportedException(typeof(T).Name),
    };

    private static string Describe<T>(T value) where T : unmanaged => $"{ToFloat(value):G9} (0x{Of(value):x})";
}
