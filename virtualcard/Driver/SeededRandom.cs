namespace VirtualCard.Driver;

/// <summary>Numbers that look random and follow from a seed: SplitMix64.</summary>
internal struct SeededRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A number below a limit.</summary>
    public int Next(int limit)
    {
        _state += 0x9E3779B97F4A7C15;
        var bits = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return (int)(((bits ^ (bits >> 31)) >> 33) % (ulong)limit);
    }
}
