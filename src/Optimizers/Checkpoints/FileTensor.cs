using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>A tensor that is still in a file, of any type.</summary>
/// <param name="Type">The name of its type: <c>Float32</c>, <c>Float64</c>, <c>Int64</c>, …</param>
/// <param name="Shape">Extent in each dimension.</param>
/// <param name="Read">Its bytes, row by row; throws <see cref="InvalidDataException"/> if they cannot be had.</param>
internal sealed record FileTensor(string Type, long[] Shape, Func<string, TensorBytes> Read)
{
    /// <summary>What stands in the place of a tensor, and is none; null if it is one.</summary>
    public string? OtherValue { get; init; }

    /// <summary>It as a tensor of a parameter's type and shape.</summary>
    /// <param name="what">What it is, for messages: "Parameter 'w'".</param>
    /// <param name="type">The type that is needed.</param>
    /// <param name="shape">The shape that is needed.</param>
    /// <param name="convert">Whether another type of float will do.</param>
    /// <exception cref="InvalidDataException">It is another.</exception>
    public StateTensor Fit(string what, ElementType type, IReadOnlyList<long> shape, bool convert)
    {
        if (OtherValue is not null)
            throw new InvalidDataException($"{what} must be a tensor. Actual value was {OtherValue}");
        if (!Shape.SequenceEqual(shape))
            throw new InvalidDataException($"{what} must have shape {Parameter.Describe([.. shape])}. Actual shape was {Parameter.Describe(Shape)}");
        return new(type, Shape, Bytes(what, type, convert));
    }

    /// <summary>Its bytes as numbers of a type.</summary>
    public TensorBytes Bytes(string what, ElementType type, bool convert)
    {
        if (Type == $"{type}")
            return Read(what);
        if (!ConvertedBytes.Takes(Type))
            throw new InvalidDataException($"{what} must be {type}. Actual type was {Type}");
        return convert
            ? new ConvertedBytes(Read(what), Type, type)
            : throw new InvalidDataException($"{what} must be {type}. Actual type was {Type}; LoadOptions.Convert takes it");
    }
}
