namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>The values that a pickle works on, and the marks between them. What is below the last mark is out of reach.</summary>
/// <param name="budget">Memory that may be taken.</param>
internal sealed class PickleStack(PickleBudget budget)
{
    private object?[] _values = [];
    private int[] _marks = [];
    private int _markCount;

    /// <summary>How many values there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many marks there are.</summary>
    public int Marks => _markCount;

    private int Floor => _markCount > 0 ? _marks[_markCount - 1] : 0;

    /// <summary>Makes room, twice as much each time.</summary>
    public static void Grow<T>(ref T[] array, int count, PickleBudget budget)
    {
        if (count <= array.Length)
            return;
        var length = (int)Math.Max(16, Math.Min(2L * array.Length, Array.MaxLength));
        budget.Charge(24 + 8L * length);
        Array.Resize(ref array, length);
    }

    public void Clear()
    {
        Array.Clear(_values);
        Count = _markCount = 0;
    }

    public void Push(object? value)
    {
        Grow(ref _values, Count + 1, budget);
        _values[Count++] = value;
    }

    public void Mark()
    {
        Grow(ref _marks, _markCount + 1, budget);
        _marks[_markCount++] = Count;
    }

    public object? Peek() => Count > Floor ? _values[Count - 1] : throw Underflow();

    public object? Pop()
    {
        var value = Peek();
        _values[--Count] = null;
        return value;
    }

    /// <summary>Removes the last value, or the mark in its place.</summary>
    public void Drop()
    {
        if (_markCount > 0 && Count == Floor)
            _markCount--;
        else
            Pop();
    }

    /// <summary>The last values as a tuple.</summary>
    public object?[] Pop(int count)
    {
        if (Count - count < Floor)
            throw Underflow();
        if (count == 0)
            return [];
        budget.Charge(24 + 8L * count);
        var values = _values.AsSpan(Count - count, count).ToArray();
        Discard(count);
        return values;
    }

    /// <summary>The values behind the last mark as a tuple, and the mark goes, too.</summary>
    public object?[] PopToMark()
    {
        var values = Pop(AboveMark().Length);
        _markCount--;
        return values;
    }

    /// <summary>The values behind the last mark, until something is pushed.</summary>
    public ReadOnlySpan<object?> AboveMark() => _markCount > 0
        ? _values.AsSpan(Floor..Count)
        : throw new InvalidDataException("A pickle must have a mark where it goes back to one. There is none");

    /// <summary>Removes the values behind the last mark, and the mark.</summary>
    public void DropToMark()
    {
        Discard(AboveMark().Length);
        _markCount--;
    }

    /// <summary>The value below the last mark.</summary>
    public object? BelowMark()
    {
        _ = AboveMark();
        return Floor > (_markCount > 1 ? _marks[_markCount - 2] : 0) ? _values[Floor - 1] : throw Underflow();
    }

    private void Discard(int count)
    {
        _values.AsSpan(Count - count, count).Clear();
        Count -= count;
    }

    private static InvalidDataException Underflow() => new("A pickle must not take more values than it has. It does");
}
