using GpuOptim.Host;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>
/// The numbers that are updated, here and by rivals: of both signs and any mantissa, never zero or subnormal. Gradients drive parameters away from zero, so that
/// none ever gets there, however often steps repeat.
/// </summary>
internal static class Numbers
{
    /// <summary>The parameter at a place, before the first step.</summary>
    public static float Parameter(long place) => (float)(Sign(place) * (0.5 + place % 509 / 1018.0));

    /// <summary>The gradient at a place.</summary>
    public static float Gradient(long place) => (float)(-Sign(place) * (0.05 + place % 251 / 600.0));

    /// <summary>Fills memory with the numbers of its places.</summary>
    public static void Fill<T>(DeviceBuffer<T> buffer, Func<long, float> number) where T : unmanaged
    {
        const int Length = 1 << 20;
        var numbers = new T[Math.Min(Length, buffer.Length)];
        for (var start = 0L; start < buffer.Length; start += Length)
        {
            var count = (int)Math.Min(Length, buffer.Length - start);
            for (var i = 0; i < count; i++)
                numbers[i] = Convert<T>(number(start + i));
            buffer.Slice(start, count).CopyFrom(numbers.AsSpan(0, count));
        }
    }

    /// <summary>A number in a type, rounded to nearest.</summary>
    public static T Convert<T>(float value) where T : unmanaged =>
        value is T single ? single : (BFloat16)value is T brain ? brain : (Half)value is T half ? half : throw new NotSupportedException(typeof(T).Name);

    /// <summary>A number of a type.</summary>
    public static double Widen<T>(T value) where T : unmanaged =>
        value switch { float single => single, BFloat16 brain => (float)brain, Half half => (double)half, _ => throw new NotSupportedException(typeof(T).Name) };

    private static int Sign(long place) => place % 2 == 0 ? 1 : -1;
}
