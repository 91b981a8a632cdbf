using System.Numerics;
using System.Runtime.CompilerServices;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>Numbers to compute with, the awkward ones among them.</summary>
internal sealed class RandomNumbers(int seed)
{
    private readonly Random _random = new(seed);

    public int Next(int low, int high) => _random.Next(low, high);

    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    public float[] Normals(int count) => Draw(count, () => (float)Normal());

    public static T[] Draw<T>(int count, Func<T> draw)
    {
        var numbers = new T[count];
        for (var i = 0; i < count; i++)
            numbers[i] = draw();
        return numbers;
    }

    public uint[] Below(uint end, int count = 256) => Draw(count, () => (uint)_random.NextInt64(end));

    public bool[] Predicates(int count = 256) => Draw(count, () => _random.Next(2) == 1);

    /// <summary>Of all magnitudes, with both ends of the range.</summary>
    public T[] Integers<T>(int count = 256) where T : unmanaged, IBinaryInteger<T>
    {
        var bits = 8 * Unsafe.SizeOf<T>();
        var half = 1ul << (bits - 1);
        ulong[] edges = [0, 1, 2, ulong.MaxValue, ulong.MaxValue - 1, half, half - 1];
        ulong[] numbers = [.. edges.Concat(Draw(count, () => (ulong)_random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64))).Take(count)];
        _random.Shuffle(numbers);
        return [.. numbers.Select(T.CreateTruncating)];
    }

    /// <summary>Of many magnitudes, with zeros, infinities, NaN, subnormal and the largest numbers.</summary>
    public float[] Floats(int count = 256)
    {
        float[] specials =
        [
            0, -0f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1e-45f, -1e-45f, 1.1754942e-38f, float.MaxValue, float.MinValue,
            0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 1, -1, 65504, 1e-8f,
        ];
        float[] numbers = [.. specials.Concat(Draw(count, () => (float)Math.ScaleB(Normal(), _random.Next(-40, 40)))).Take(count)];
        _random.Shuffle(numbers);
        return numbers;
    }

    /// <summary>The same, each with bits that float has not.</summary>
    public double[] Doubles(int count = 256) => [.. Floats(count).Select(value => value * (1 + 1e-12))];
}
