namespace GpuOptim.Host;

/// <summary>Says which part of a larger tensor a parameter is: rows that lie one behind the other, or elements of a vector.</summary>
public sealed record ParameterSlice
{
    private readonly long[] _shape;

    /// <summary>States it.</summary>
    /// <param name="shape">The larger tensor's extent in each dimension.</param>
    /// <param name="start">The first of its rows that the parameter has: an index of the first dimension.</param>
    /// <exception cref="ArgumentException">The tensor has no dimension.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The start is negative.</exception>
    public ParameterSlice(ReadOnlySpan<long> shape, long start)
    {
        if (shape.IsEmpty)
            throw new ArgumentException("shape must have at least one dimension. Actual number was 0.", nameof(shape));
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        Parameter.Volume("slice", shape);
        _shape = shape.ToArray();
        Start = start;
    }

    /// <summary>The larger tensor's extent in each dimension.</summary>
    public IReadOnlyList<long> Shape => _shape;

    /// <summary>The first of its rows that the parameter has.</summary>
    public long Start { get; }

    /// <summary>Refuses a parameter that is no such slice.</summary>
    internal void ThrowIfUnfit(Parameter parameter)
    {
        var shape = parameter.Shape;
        if (shape.Count != _shape.Length || !shape.Skip(1).SequenceEqual(_shape.Skip(1)) || shape[0] > _shape[0] - Start)
            throw new ArgumentException($"Parameter '{parameter.Name}' of shape {Parameter.Describe([.. shape])} must be whole rows of a tensor of shape {Parameter.Describe(_shape)}, from row {Start} on.", nameof(parameter));
    }

    /// <inheritdoc/>
    public bool Equals(ParameterSlice? other) => other is not null && Start == other.Start && _shape.AsSpan().SequenceEqual(other._shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Start, _shape.Length, _shape[0]);
}
