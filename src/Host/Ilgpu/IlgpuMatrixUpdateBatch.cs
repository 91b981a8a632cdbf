using GpuOptim.Kernels;
using GpuOptim.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The tables of an update that orthogonalizes, and the memory that it works in.</summary>
internal sealed class IlgpuMatrixUpdateBatch : MatrixUpdateBatch
{
    private const long Alignment = 256;

    private readonly IDisposable _scratch;
    private readonly MemoryBuffer1D<byte, Stride1D.Dense>? _sums;

    public IlgpuMatrixUpdateBatch(
        IlgpuQueue queue,
        ElementType elementType,
        ElementType stateType,
        ElementType workType,
        int rows,
        int columns,
        ReadOnlySpan<UpdateSegment> segments)
        : base(elementType, stateType, workType, rows, columns, segments)
    {
        var order = (long)Math.Min(rows, columns);
        var matrix = (long)rows * columns * workType.Size();
        var square = order * order * workType.Size();
        // Each batch of matrices begins where a kernel can take 16 bytes at once.
        long matrices = Aligned(segments.Length * matrix), squares = Aligned(segments.Length * square);
        (var address, _scratch) = queue.AllocateAligned(2 * matrices + 2 * squares);
        X = new(address, workType, segments.Length, rows, columns);
        Other = X with { Address = address + (nint)matrices };
        Product = new(Other.Address + (nint)matrices, workType, segments.Length, (int)order, (int)order);
        Polynomial = Product with { Address = Product.Address + (nint)squares };

        var directions = new UpdateSegment[segments.Length];
        for (var i = 0; i < segments.Length; i++)
            directions[i] = segments[i] with { Parameter = X[i].Address, Average = 0 };
        Directions = new(queue, directions);
        Updates = new(queue, segments);
        Orthogonal = new nint[segments.Length];
        if (Directions.Chunks == 0)
            return;
        _sums = queue.Allocate(Directions.Chunks * sizeof(double));
        Ops = workType == ElementType.BFloat16 ? new IlgpuMatrixOps<BFloat16Format>(queue, Sums) : new IlgpuMatrixOps<Float32Format>(queue, Sums);
    }

    public MatrixBatch X { get; }

    public MatrixBatch Other { get; }

    public MatrixBatch Product { get; }

    public MatrixBatch Polynomial { get; }

    /// <summary>From gradients and momentum to the matrices to orthogonalize.</summary>
    public IlgpuUpdateTable Directions { get; }

    /// <summary>From the orthogonal matrices to the parameters.</summary>
    public IlgpuUpdateTable Updates { get; }

    /// <summary>Where each orthogonal matrix is; 0 leaves the parameter as it is.</summary>
    public nint[] Orthogonal { get; }

    /// <summary>The sums of squares of the directions' chunks; there only if there are chunks.</summary>
    public ArrayView<double> Sums => _sums!.View.BaseView.Cast<double>();

    /// <summary>The operations on the matrices, after their directions were made; there only if there are chunks.</summary>
    public IMatrixOps? Ops { get; }

    public override void Dispose()
    {
        _sums?.Dispose();
        Directions.Dispose();
        Updates.Dispose();
        _scratch.Dispose();
        base.Dispose();
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
