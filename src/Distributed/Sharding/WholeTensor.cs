using GpuOptim.Host;

namespace GpuOptim.Distributed.Sharding;

/// <summary>A tensor of the model, whoever has what of it.</summary>
/// <param name="parameter">What this rank has of it.</param>
/// <param name="part">The optimizer that trains it, of those of a model: its index.</param>
/// <param name="group">Its group in that optimizer.</param>
/// <param name="isMatrix">Whether it is updated matrix by matrix; else element by element.</param>
internal sealed class WholeTensor(Parameter parameter, int part, int group, bool isMatrix)
{
    public Parameter Parameter { get; } = parameter;

    public int Part { get; } = part;

    public int Group { get; } = group;

    public bool IsMatrix { get; } = isMatrix;

    public long Length { get; } = parameter.WholeLength;

    /// <summary>The rows that each rank has, in elements, where an engine has cut it; null if every rank has all of it.</summary>
    public (long Start, long Length)[]? Slices { get; set; }

    /// <summary>Its pieces, in order.</summary>
    public List<Piece> Pieces { get; } = [];

    /// <summary>Where its data were when tables were made.</summary>
    public nint DataAddress { get; set; }

    /// <summary>Where a part of this rank's data lies.</summary>
    /// <param name="start">Where the part begins in the whole.</param>
    public nint DataAt(long start) => DataAddress + (nint)((start - Parameter.WholeStart) * Parameter.ElementType.Size());

    /// <summary>Where a part of this rank's gradient lies; 0 if there is none.</summary>
    /// <param name="start">Where the part begins in the whole.</param>
    public nint GradientAt(long start)
    {
        if (!Parameter.HasGradient)
            return 0;
        var gradient = Parameter.GradientSum ?? Parameter.GradientBuffer;
        return gradient.Address + (nint)((start - Parameter.WholeStart) * gradient.ElementType.Size());
    }
}
