using System.Runtime.CompilerServices;

namespace GpuOptim.Distributed;

/// <summary>Refuses what no collective can do, before anything is begun.</summary>
internal static class CollectiveChecks
{
    /// <summary>A count for each rank, none negative, and an address where there is something; how many elements there are together.</summary>
    public static long Counts(ReadOnlySpan<long> counts, int size, WireType type, [CallerArgumentExpression(nameof(counts))] string name = "")
    {
        if (counts.Length != size)
            throw new ArgumentException($"{name} must have a count for each of the {size} ranks. Actual length was {counts.Length}.", name);
        long total = 0;
        foreach (var count in counts)
            total = checked(total + Count(count, type, name));
        _ = checked(total * type.Size());
        return total;
    }

    /// <summary>A count that is not negative.</summary>
    public static long Count(long count, WireType type, [CallerArgumentExpression(nameof(count))] string name = "")
    {
        if (count < 0)
            throw new ArgumentOutOfRangeException(name, count, $"{name} must not be negative.");
        _ = checked(count * type.Size());
        return count;
    }

    /// <summary>An address of something; nothing may lie anywhere.</summary>
    public static void Address(nint address, long count, [CallerArgumentExpression(nameof(address))] string name = "")
    {
        if (address == 0 && count > 0)
            throw new ArgumentException($"{name} must be an address where there are elements to move. Actual value was 0, with {count} elements.", name);
    }

    /// <summary>A type of numbers that can be added.</summary>
    public static void Sum(WireType type)
    {
        _ = type.Size();
        if (type == WireType.Byte)
            throw new ArgumentOutOfRangeException(nameof(type), type, "type must be one of Float16, BFloat16, Float32, Float64, which can be added.");
    }

    /// <summary>A rank.</summary>
    public static void Root(int root, int size)
    {
        if (root < 0 || root >= size)
            throw new ArgumentOutOfRangeException(nameof(root), root, $"root must be in [0, {size}), the ranks.");
    }

    /// <summary>Two that do not overlap.</summary>
    public static void Apart(nint source, long sourceBytes, nint destination, long destinationBytes)
    {
        if (sourceBytes > 0 && destinationBytes > 0 && source < destination + destinationBytes && destination < source + sourceBytes)
            throw new ArgumentException($"destination must not overlap source. Actual source was {sourceBytes} bytes at 0x{source:x}, destination {destinationBytes} bytes at 0x{destination:x}.", nameof(destination));
    }

    /// <summary>What a rank sends itself, it takes from itself.</summary>
    public static void Own(ReadOnlySpan<long> sourceCounts, ReadOnlySpan<long> destinationCounts, int rank)
    {
        if (sourceCounts[rank] != destinationCounts[rank])
            throw new ArgumentException($"destinationCounts must have what sourceCounts has for this rank, {sourceCounts[rank]}. Actual value was {destinationCounts[rank]}.", nameof(destinationCounts));
    }
}
