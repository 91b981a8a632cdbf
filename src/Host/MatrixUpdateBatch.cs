using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Host;

/// <summary>The table of an update that orthogonalizes: matrices of one shape, each with its parameter, gradient and momentum.</summary>
internal abstract class MatrixUpdateBatch : UpdateBatch
{
    private protected MatrixUpdateBatch(
        UpdateTypes types, NewtonSchulzOptions orthogonalization, double bfloat16Speed, int rows, int columns, ReadOnlySpan<UpdateSegment> segments, bool writesDirections)
        : base(types, segments)
    {
        Method = NewtonSchulzCost.Resolve(orthogonalization, rows, columns, bfloat16Speed);
        WorkType = orthogonalization.WorkTypeOf(Method);
        DirectionType = orthogonalization.DirectionType;
        Rows = rows;
        Columns = columns;
        WritesDirections = writesDirections;
    }

    /// <summary>What is iterated on; not Automatic.</summary>
    public NewtonSchulzMethod Method { get; }

    /// <summary>The type of the matrices while they are orthogonalized: BFloat16 or Float32.</summary>
    public ElementType WorkType { get; }

    /// <summary>The type of directions that are written for others.</summary>
    public ElementType DirectionType { get; }

    /// <summary>All types of the first half, which writes the direction.</summary>
    public UpdateTypes MomentumTypes => Types with { Element = WorkType, Rounding = ParameterRounding.Nearest };

    /// <summary>Whether the second half only writes the direction where the segments' parameters would be, as <see cref="DirectionType"/>.</summary>
    public bool WritesDirections { get; }

    /// <summary>All types of the second half, which takes the orthogonalized direction in the gradient's place.</summary>
    public UpdateTypes UpdateTypes => WritesDirections ? new(DirectionType, WorkType, ElementType.Float32, ElementType.Float32) : Types with { Gradient = WorkType, Encoding = StateEncoding.None };

    /// <summary>Where the deviation of each orthogonalized matrix goes, as floats; 0 for nowhere.</summary>
    public nint Deviations { get; set; }

    /// <summary>Rows of each matrix.</summary>
    public int Rows { get; }

    /// <summary>Columns of each matrix.</summary>
    public int Columns { get; }
}
