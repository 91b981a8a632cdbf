using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html;

/// <summary>What lies in the caches while AdamW runs: parameters, gradients and two states.</summary>
internal static class WorkingSet
{
    /// <summary>What is no larger is worked on by one thread, in its caches.</summary>
    private const long OneThread = 16 * 65_536;

    /// <summary>Bytes for each parameter of a type such as <c>float32</c>, <c>bfloat16/float32</c> or <c>bfloat16+float32</c>; null if it is not known.</summary>
    public static int? BytesPerParameter(string type)
    {
        // A slash leads to the type that is computed in, which is in registers only.
        var stored = type.Split('/')[0].Split('+');
        return Size(stored[0]) is { } element && Size(stored[^1]) is { } state ? 2 * element + 2 * state : null;
    }

    /// <summary>What the caches hold that some threads use, the smallest first.</summary>
    public static IEnumerable<(string Name, double Bytes)> Capacities(Machine machine, long threads) => machine.Caches
        .Where(cache => cache.Bytes > 0)
        .Select(cache => (cache.Name, Bytes: cache.Bytes * (cache.Bytes <= OneThread ? 1 : Math.Max(1, Math.Ceiling((double)threads / Math.Max(1, cache.Sharers))))))
        .OrderBy(cache => cache.Bytes);

    private static int? Size(string type) => type switch
    {
        "float32" => 4,
        "bfloat16" or "float16" => 2,
        "float64" => 8,
        _ => null,
    };
}
