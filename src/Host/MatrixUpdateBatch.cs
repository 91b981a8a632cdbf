using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Host;

/// <summary>The table of an update that orthogonalizes: matrices of one shape, each with its parameter, gradient and momentum.</summary>
internal abstract class MatrixUpdateBatch : UpdateBatch
{
    private protected MatrixUpdateBatch(
        UpdateTypes types, NewtonSchulzOptions orthogonalization, NewtonSchulzMethod method, int rows, int columns, ReadOnlySpan<UpdateSegment> segments, bool writesDirections, nint deviations)
        : base(types, segments)
    {
        Method = method;
        WorkType = orthogonalization.WorkTypeOf(Method);
        Rows = rows;
        Columns = columns;
        WritesDirections = writesDirections;
        Deviations = deviations;
        NormalizesNeurons = segments is [{ State1: not 0 }, ..];
        WrittenType = NormalizesNeurons ? ElementType.Float32 : orthogonalization.DirectionType;
    }

    /// <summary>What is iterated on; not Automatic.</summary>
    public NewtonSchulzMethod Method { get; }

    /// <summary>The type of the matrices while they are orthogonalized.</summary>
    public ElementType WorkType { get; }

    /// <summary>The type of directions before they are normalized: as they are then, but for float16, which has no room for what is huge or tiny.</summary>
    public ElementType RawType => WorkType == ElementType.Float16 ? ElementType.Float32 : WorkType;

    /// <summary>Whether directions, once orthogonal, have their neurons normalized.</summary>
    public bool NormalizesNeurons { get; }

    /// <summary>The type of directions once all was done to them.</summary>
    public ElementType DirectionType => NormalizesNeurons ? ElementType.Float32 : WorkType;

    /// <summary>The type of directions that are written for others.</summary>
    public ElementType WrittenType { get; }

    /// <summary>All types of the first half, which writes the direction.</summary>
    public UpdateTypes MomentumTypes => Types with { Element = RawType, Rounding = ParameterRounding.Nearest };

    /// <summary>Whether the second half only writes the direction where the segments' parameters would be, as <see cref="WrittenType"/>.</summary>
    public bool WritesDirections { get; }

    /// <summary>All types of the second half, which takes the direction in the gradient's place.</summary>
    public UpdateTypes UpdateTypes => WritesDirections
        ? new(WrittenType, DirectionType, ElementType.Float32, ElementType.Float32)
        : Types with { Gradient = DirectionType, Encoding = StateEncoding.None };

    /// <summary>Where the deviation of each orthogonalized matrix goes, as floats; 0 for nowhere.</summary>
    public nint Deviations { get; }

    /// <summary>Rows of each matrix.</summary>
    public int Rows { get; }

    /// <summary>Columns of each matrix.</summary>
    public int Columns { get; }
}
