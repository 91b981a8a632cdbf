namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>A dictionary in a pickle. Its keys are texts and whole numbers where something is looked for; others are data that nobody asks for.</summary>
internal sealed class PickleDictionary : OrderedDictionary<object, object?>
{
    /// <summary>What an empty one takes, and what an entry takes: with a place in the index, in tables that are up to a quarter longer.</summary>
    public const int Size = 80, EntrySize = 36;

    /// <summary>An empty one.</summary>
    public PickleDictionary()
        : base(PickleKeyComparer.Instance)
    {
    }

    /// <summary>One with these entries.</summary>
    public PickleDictionary(IEnumerable<KeyValuePair<object, object?>> entries)
        : base(entries, PickleKeyComparer.Instance)
    {
    }

    /// <summary>Adds an entry. Texts and whole numbers must be there once: what is looked for must not depend on an order.</summary>
    /// <exception cref="InvalidDataException">The key is there.</exception>
    public void Add(object? key, object? value, PickleBudget budget)
    {
        if (Count == Capacity)
        {
            var capacity = (int)Math.Min(Math.Max(3, 2L * Count), Array.MaxLength);
            budget.Charge(64 + (long)EntrySize * capacity);
            EnsureCapacity(capacity);
        }
        key ??= PickleObject.None;
        if (TryAdd(key, value))
            return;
        if (key is string or long)
            throw new InvalidDataException($"Key '{PickleValue.Describe(key)}' of a dictionary must be there once");
        this[key] = value;
    }

    public override string ToString() => $"a dictionary of {Count}";
}
