using GpuOptim.Kernels;
using GpuOptim.Kernels.Simd;
using GpuOptim.Kernels.Simd.Matrix;

namespace GpuOptim.Host.Simd;

/// <summary>The table of an update that orthogonalizes, on the CPU, with the matrix operations that suit it.</summary>
internal sealed class SimdMatrixUpdateBatch(
    UpdateTypes types, NewtonSchulzOptions orthogonalization, NewtonSchulzMethod method, int rows, int columns, ReadOnlySpan<UpdateSegment> segments, bool writesDirections, nint deviations, Workers workers, int vectorBits)
    : MatrixUpdateBatch(types, orthogonalization, method, rows, columns, segments, writesDirections, deviations)
{
    private readonly UpdateSegment[] _segments = segments.ToArray();

    /// <summary>The thread that asks, alone.</summary>
    public static Workers Caller { get; } = new(1);

    public ReadOnlySpan<UpdateSegment> Segments => _segments;

    /// <summary>For a matrix that one thread works on.</summary>
    public IMatrixOps OnOneThread => field ??= MatrixKernels.Create(Caller, vectorBits, WorkType);

    /// <summary>For a matrix that all threads share.</summary>
    public IMatrixOps OnAllThreads => field ??= MatrixKernels.Create(workers, vectorBits, WorkType);
}
