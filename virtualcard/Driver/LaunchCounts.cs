using VirtualCard.Execution;

namespace VirtualCard.Driver;

/// <summary>What kernels have done, summed over their launches.</summary>
internal sealed class LaunchCounts
{
    private static readonly (string Name, Func<Statistics, long> Get)[] _fields =
    [
        ("launches", _ => 1),
        ("threads", statistics => statistics.Threads),
        ("instructions", statistics => statistics.WarpInstructions.Values.Sum()),
        ("loaded", statistics => statistics.GlobalLoadBytes),
        ("stored", statistics => statistics.GlobalStoreBytes),
        ("load-sectors", statistics => statistics.GlobalLoadSectors),
        ("store-sectors", statistics => statistics.GlobalStoreSectors),
        ("distinct-load-sectors", statistics => statistics.DistinctLoadSectors),
        ("distinct-store-sectors", statistics => statistics.DistinctStoreSectors),
        ("atomics", statistics => statistics.GlobalAtomics),
        ("shared-conflicts", statistics => statistics.SharedConflicts),
        ("barriers", statistics => statistics.Barriers),
        ("flops", statistics => statistics.MmaFlops),
    ];

    private readonly SortedDictionary<string, long[]> _byKernel = new(StringComparer.Ordinal);

    /// <summary>A kernel and its sums, a line each.</summary>
    public IEnumerable<string> Lines => _byKernel.Select(pair => $"{pair.Key} {string.Join(' ', _fields.Zip(pair.Value, (sum, value) => $"{sum.Name}={value}"))}");

    public void Add(Statistics statistics)
    {
        if (!_byKernel.TryGetValue(statistics.Kernel, out var sums))
            _byKernel.Add(statistics.Kernel, sums = new long[_fields.Length]);
        for (var i = 0; i < sums.Length; i++)
            sums[i] += _fields[i].Get(statistics);
    }
}
