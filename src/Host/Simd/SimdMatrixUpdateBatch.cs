using GpuOptim.Kernels;
using GpuOptim.Kernels.Simd;
using GpuOptim.Kernels.Simd.Matrix;

namespace GpuOptim.Host.Simd;

/// <summary>The table of an update that orthogonalizes, on the CPU, with the matrix operations that suit it.</summary>
internal sealed class SimdMatrixUpdateBatch(
    UpdateTypes types, ElementType workType, int rows, int columns, ReadOnlySpan<UpdateSegment> segments, bool writesDirections, Workers workers, int vectorBits)
    : MatrixUpdateBatch(types, workType, rows, columns, segments, writesDirections)
{
    private readonly UpdateSegment[] _segments = segments.ToArray();

    /// <summary>The thread that asks, alone.</summary>
    public static Workers Caller { get; } = new(1);

    public ReadOnlySpan<UpdateSegment> Segments => _segments;

    /// <summary>For a matrix that one thread works on.</summary>
    public IMatrixOps OnOneThread { get; } = MatrixKernels.Create(Caller, vectorBits, workType);

    /// <summary>For a matrix that all threads share.</summary>
    public IMatrixOps OnAllThreads { get; } = MatrixKernels.Create(workers, vectorBits, workType);
}
