using GpuOptim.Host;

namespace GpuOptim.Distributed.Saving;

/// <summary>A tensor whose pieces lie in several files.</summary>
/// <param name="Type">Its element type, as safetensors files write it.</param>
/// <param name="Shape">Its extent in each dimension.</param>
/// <param name="Pieces">Its pieces, in order: the number of the file, and where in the tensor it begins and ends.</param>
internal sealed record ShardedTensor(string Type, long[] Shape, IReadOnlyList<(int File, long Start, long End)> Pieces)
{
    /// <summary>Refuses pieces that are not the whole tensor, each part of it once.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="InvalidDataException">They are not.</exception>
    public void ThrowIfIncomplete(string name)
    {
        var end = 0L;
        foreach (var piece in Pieces)
        {
            if (piece.Start != end || piece.End <= end)
                throw new InvalidDataException($"Pieces of tensor '{name}' must lie one behind the other. One begins at {piece.Start} and ends at {piece.End}, where the one before ends at {end}");
            end = piece.End;
        }
        if (end != Parameter.Volume(name, Shape))
            throw new InvalidDataException($"Pieces of tensor '{name}' of shape {Parameter.Describe(Shape)} must be {Parameter.Volume(name, Shape)} elements. Actual number was {end}");
    }
}
