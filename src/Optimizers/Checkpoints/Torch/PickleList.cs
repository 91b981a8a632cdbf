namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>A list in a pickle.</summary>
internal sealed class PickleList : List<object?>
{
    /// <summary>Adds items at the end.</summary>
    public void Add(ReadOnlySpan<object?> items, PickleBudget budget)
    {
        if (Capacity - Count < items.Length)
        {
            var capacity = (int)Math.Min(Math.Max(Count + (long)items.Length, 2L * Count), Array.MaxLength);
            budget.Charge(24 + 8L * capacity);
            Capacity = capacity;
        }
        this.AddRange(items);
    }

    public override string ToString() => $"a list of {Count}";
}
