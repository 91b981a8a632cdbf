namespace GpuOptim.Distributed.Sharding;

/// <summary>A part of a tensor that one rank updates: neighboring elements, or a matrix.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Start">Where it begins in the tensor.</param>
/// <param name="Rows">Its rows, if it is a matrix; else its length.</param>
/// <param name="Columns">Its columns, if it is a matrix; else 1.</param>
/// <param name="Owner">The rank that updates it.</param>
internal sealed record Piece(WholeTensor Tensor, long Start, long Rows, long Columns, int Owner)
{
    /// <summary>How many elements it has.</summary>
    public long Length => Rows * Columns;

    /// <summary>Where it ends in the tensor.</summary>
    public long End => Start + Length;

    /// <summary>Where it begins, and how long it is, in numbers that several elements share.</summary>
    /// <param name="elements">How many; pieces begin at multiples of it.</param>
    public (long Start, long Length) Shared(int elements) => (Start / elements, (Length + elements - 1) / elements);

    /// <summary>What messages call it.</summary>
    public string Name => Length == Tensor.Length ? Tensor.Parameter.Name : $"{Tensor.Parameter.Name}[{Start}..{End}]";

    /// <summary>The elements that a rank has of it.</summary>
    public (long Start, long Length) Overlap(int rank)
    {
        if (Tensor.Slices is null)
            return (Start, Length);
        var (start, length) = Tensor.Slices[rank];
        var (first, end) = (Math.Max(Start, start), Math.Min(End, start + length));
        return end > first ? (first, end - first) : (Start, 0);
    }
}
