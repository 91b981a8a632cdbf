using System.Numerics;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>float and double round to nearest as IEEE 754 says, and keep its special values.</summary>
[Parallelizable(ParallelScope.All)]
[TestFixture(TypeArgs = [typeof(float)])]
[TestFixture(TypeArgs = [typeof(double)])]
internal sealed class FloatTests<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly string _type = typeof(T) == typeof(float) ? "f32" : "f64";

    [Test]
    public void RoundsToNearest([ValueSource(nameof(Operations))] FloatOperation<T> operation)
    {
        var random = new RandomNumbers(2);
        operation.Verify([.. Enumerable.Range(0, operation.Count).Select(_ => Draw(random))]);
    }

    /// <summary>-0 is less than 0, and a number wins over NaN.</summary>
    [Test]
    public void PicksTheLesserAndTheGreater([ValueSource(nameof(Choices))] FloatOperation<T> operation)
    {
        var random = new RandomNumbers(3);
        operation.Verify(Draw(random), Draw(random));
        T[] left = [T.Zero, T.NegativeZero, T.One, T.NaN], right = [T.Zero, T.NegativeZero, T.NegativeOne, T.NaN];
        operation.Verify([.. Enumerable.Range(0, 256).Select(i => left[i % 4])], [.. Enumerable.Range(0, 256).Select(i => right[i / 64])]);
    }

    private static IEnumerable<FloatOperation<T>> Operations()
    {
        foreach (var suffix in (string[])["", ".rn"])
        {
            yield return new($"add{suffix}.{_type}", 2, v => v[0] + v[1]);
            yield return new($"sub{suffix}.{_type}", 2, v => v[0] - v[1]);
            yield return new($"mul{suffix}.{_type}", 2, v => v[0] * v[1]);
        }
        yield return new($"div.rn.{_type}", 2, v => v[0] / v[1]);
        yield return new($"sqrt.rn.{_type}", 1, v => T.Sqrt(v[0]));
        yield return new($"rcp.rn.{_type}", 1, v => T.One / v[0]);
        yield return new($"abs.{_type}", 1, v => T.Abs(v[0]));
        yield return new($"neg.{_type}", 1, v => -v[0]);
        yield return new($"copysign.{_type}", 2, v => T.CopySign(v[1], v[0]));
    }

    private static IEnumerable<FloatOperation<T>> Choices()
    {
        static T Choose(T a, T b, bool isFirst) => T.IsNaN(a) ? b : T.IsNaN(b) || isFirst ? a : b;
        yield return new($"min.{_type}", 2, v => Choose(v[0], v[1], v[0] < v[1] || (v[0] == v[1] && T.IsNegative(v[0]))));
        yield return new($"max.{_type}", 2, v => Choose(v[0], v[1], v[0] > v[1] || (v[0] == v[1] && !T.IsNegative(v[0]))));
    }

    private static T[] Draw(RandomNumbers random) => typeof(T) == typeof(float) ? (T[])(object)random.Floats() : (T[])(object)random.Doubles();
}
