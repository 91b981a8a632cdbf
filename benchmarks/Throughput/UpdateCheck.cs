using GpuOptim.Benchmarks.Engine;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>Holds the first steps of whoever updates tensors to the formula in double.</summary>
internal static class UpdateCheck
{
    private const int Steps = 3;
    private const int Group = 32;

    /// <summary>What does so for an entry; null if there is no formula.</summary>
    public static Func<string>? Of(string who, Contestant contestant, NumberType type, long elements, Func<long[], double[]> read, Action step) =>
        contestant.Formula is null ? null : () => Run(who, contestant, type, elements, read, step);

    /// <summary>Steps, and compares.</summary>
    /// <param name="who">Who steps.</param>
    /// <param name="contestant">What it computes.</param>
    /// <param name="type">The types it does so in.</param>
    /// <param name="elements">How many numbers there are.</param>
    /// <param name="read">Reads numbers at places.</param>
    /// <param name="step">Its step; it has taken none.</param>
    /// <returns>What was found, for people.</returns>
    /// <exception cref="WrongResultException">It computes something else.</exception>
    public static string Run(string who, Contestant contestant, NumberType type, long elements, Func<long[], double[]> read, Action step)
    {
        var places = Places(elements);
        var expected = read(places);
        for (var i = 0; i < Steps; i++)
            step();
        var largest = 0.0;
        foreach (var (place, start, actual) in places.Zip(expected, read(places)))
        {
            var (p, first, second) = (start, 0.0, 0.0);
            for (var i = 1; i <= Steps; i++)
                contestant.Formula!(ref p, type.Round(Numbers.Gradient(place)), ref first, ref second, i);
            var difference = Math.Abs(actual - p) / Math.Abs(p);
            // NaN must not pass for small.
            if (!(difference <= type.Tolerance))
                throw new WrongResultException($"{who}'s {contestant.Name} must agree with its formula within {type.Tolerance:0.#e0} after {Steps} steps. Parameter {place} of {elements} was {actual:R} instead of {p:R}.");
            largest = Math.Max(largest, difference);
        }
        return $"formula ± {largest:0.0e0}";
    }

    /// <summary>The first, the last, and some between.</summary>
    private static long[] Places(long elements) =>
    [
        .. Enumerable.Range(0, Group).SelectMany(i => new[] { i, elements - 1 - i, (long)((i + 0.5) / Group * elements) })
            .Where(place => place >= 0 && place < elements).Distinct(),
    ];
}
