using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>A tensor of a PyTorch file: a view of a storage.</summary>
internal sealed record TorchTensor
{
    private const int MaxDimensions = 64;

    /// <summary>A view that lies within its storage.</summary>
    /// <param name="storage">What it looks into.</param>
    /// <param name="offset">The place of its first element.</param>
    /// <param name="shape">Extent in each dimension.</param>
    /// <param name="strides">How many places apart neighbors in each dimension are.</param>
    /// <exception cref="InvalidDataException">It does not lie within.</exception>
    public TorchTensor(TorchStorage storage, long offset, long[] shape, long[] strides)
    {
        if (shape.Length > MaxDimensions)
            throw new InvalidDataException($"A tensor in storage '{Key(storage)}' must have at most {MaxDimensions} dimensions. Actual number was {shape.Length}");
        if (strides.Length != shape.Length || offset < 0 || Array.Exists(shape, extent => extent < 0) || Array.Exists(strides, stride => stride < 0))
            throw new InvalidDataException($"A tensor in storage '{Key(storage)}' must have as many strides as dimensions, and no negative number. Actual offset, shape and strides were {offset}, {Parameter.Describe(shape)} and {(strides.Length > MaxDimensions ? $"{strides.Length} numbers" : Parameter.Describe(strides))}");
        Int128 count = 1, last = offset;
        for (var i = 0; i < shape.Length; i++)
        {
            count *= shape[i];
            // A factor of 0 may come later, but no honest tensor is that large in between.
            if (count > long.MaxValue)
                throw new InvalidDataException($"A tensor in storage '{Key(storage)}' must fit into memory. Actual shape was {Parameter.Describe(shape)}");
            last += (Int128)(shape[i] - 1) * strides[i];
        }
        if (count > 0 ? last >= storage.Count : offset > storage.Count)
            throw new InvalidDataException($"A tensor in storage '{Key(storage)}' must be within its {storage.Count} elements. Actual last element of offset {offset}, shape {Parameter.Describe(shape)} and strides {Parameter.Describe(strides)} was {last}");
        (Storage, Offset, Shape, Strides, Count, Reach) = (storage, offset, shape, strides, (long)count, count > 0 ? (long)last - offset + 1 : 0);
    }

    public TorchStorage Storage { get; }

    public long Offset { get; }

    public long[] Shape { get; }

    public long[] Strides { get; }

    /// <summary>How many elements it has.</summary>
    public long Count { get; }

    /// <summary>How many places of its storage there are from its first element to its last.</summary>
    public long Reach { get; }

    public TorchElement Element => Storage.Element;

    /// <summary>Whether its elements lie row by row without gaps.</summary>
    public bool IsContiguous
    {
        get
        {
            var expected = 1L;
            for (var i = Shape.Length - 1; i >= 0 && Count > 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected)
                    return false;
                expected *= Shape[i];
            }
            return true;
        }
    }

    public override string ToString() => $"a tensor of {Element.Name}, shape {Parameter.Describe(Shape)}";

    private static string Key(TorchStorage storage) => PickleValue.Shorten(storage.Key);
}
