namespace GpuOptim.Host.Ilgpu;

/// <summary>Things that are used in turn, so that the next one is always that which was used longest ago.</summary>
/// <param name="most">How many there may be.</param>
internal sealed class Rotation<T>(int most) where T : class
{
    private readonly List<T> _all = [];
    private int _next;

    /// <summary>All of them.</summary>
    public IReadOnlyList<T> All => _all;

    /// <summary>Whether there may be no more.</summary>
    public bool IsFull => _all.Count == most;

    /// <summary>The one that is next; null if there is none.</summary>
    public T? Next => _all.Count == 0 ? null : _all[_next];

    /// <summary>Uses the one that is next.</summary>
    public void Advance() => _next = (_next + 1) % _all.Count;

    /// <summary>Adds one, and uses it.</summary>
    public void Add(T thing)
    {
        _all.Insert(_next, thing);
        Advance();
    }

    /// <summary>Puts another in place of the one that is next.</summary>
    public void Replace(T thing) => _all[_next] = thing;
}
