namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>What a pickle remembers, by number. Numbers are dense in honest pickles, and take the space of a reference each.</summary>
/// <param name="budget">Memory that may be taken.</param>
internal sealed class PickleMemo(PickleBudget budget)
{
    /// <summary>What an entry of a dictionary takes, with the copies while it grows.</summary>
    private const int SparseSize = 128;

    private readonly Dictionary<uint, object?> _sparse = [];
    private object?[] _dense = [];
    private int _count;

    /// <summary>How many values are remembered.</summary>
    public uint Count => (uint)(_count + _sparse.Count);

    public void Clear()
    {
        Array.Clear(_dense);
        _sparse.Clear();
        _count = 0;
    }

    public void Set(uint index, object? value)
    {
        if (index < _count)
        {
            _dense[index] = value;
        }
        else if (index == _count)
        {
            PickleStack.Grow(ref _dense, _count + 1, budget);
            _dense[_count++] = value;
            _sparse.Remove(index);
        }
        else
        {
            if (!_sparse.ContainsKey(index))
                budget.Charge(SparseSize);
            _sparse[index] = value;
        }
    }

    public object? Get(uint index)
    {
        if (index < _count)
            return _dense[index];
        return _sparse.TryGetValue(index, out var value) ? value : throw new InvalidDataException($"A pickle must remember what it refers to. Number {index} is missing");
    }
}
