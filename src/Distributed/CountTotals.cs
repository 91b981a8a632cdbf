namespace GpuOptim.Distributed;

/// <summary>Sums of counts.</summary>
internal static class CountTotals
{
    /// <summary>How many elements there are together.</summary>
    public static long Total(this ReadOnlySpan<long> counts)
    {
        long total = 0;
        foreach (var count in counts)
            total += count;
        return total;
    }

    /// <inheritdoc cref="Total(ReadOnlySpan{long})"/>
    public static long Total(this Span<long> counts) => Total((ReadOnlySpan<long>)counts);
}
