using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Host;

/// <summary>The table of an update that orthogonalizes: matrices of one shape, each with its parameter, gradient and momentum.</summary>
internal abstract class MatrixUpdateBatch : UpdateBatch
{
    private protected MatrixUpdateBatch(
        UpdateTypes types, ElementType workType, int rows, int columns, ReadOnlySpan<UpdateSegment> segments, bool writesDirections)
        : base(types, segments)
    {
        WorkType = workType;
        Rows = rows;
        Columns = columns;
        WritesDirections = writesDirections;
    }

    /// <summary>The type of the matrices while they are orthogonalized: BFloat16 or Float32.</summary>
    public ElementType WorkType { get; }

    /// <summary>All types of the first half, which writes the direction.</summary>
    public UpdateTypes MomentumTypes => Types with { Element = WorkType, Rounding = ParameterRounding.Nearest };

    /// <summary>Whether the second half only writes the direction where the segments' parameters would be, in its own type.</summary>
    public bool WritesDirections { get; }

    /// <summary>All types of the second half, which takes the orthogonalized direction in the gradient's place.</summary>
    public UpdateTypes UpdateTypes => WritesDirections ? new(WorkType, WorkType, ElementType.Float32, ElementType.Float32) : Types with { Gradient = WorkType, Encoding = StateEncoding.None };

    /// <summary>Rows of each matrix.</summary>
    public int Rows { get; }

    /// <summary>Columns of each matrix.</summary>
    public int Columns { get; }
}
