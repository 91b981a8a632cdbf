using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The tables of an update that orthogonalizes, and the memory that it works in.</summary>
internal sealed class IlgpuMatrixUpdateBatch : MatrixUpdateBatch
{
    private readonly IDisposable _scratch;

    public IlgpuMatrixUpdateBatch(
        Accelerator accelerator,
        AcceleratorStream stream,
        IlgpuMemory memory,
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
        (var address, _scratch) = memory.Allocate(segments.Length * (2 * matrix + 2 * square));
        X = new(address, workType, segments.Length, rows, columns);
        Other = X with { Address = address + (nint)(segments.Length * matrix) };
        Product = new(Other.Address + (nint)(segments.Length * matrix), workType, segments.Length, (int)order, (int)order);
        Polynomial = Product with { Address = Product.Address + (nint)(segments.Length * square) };

        var directions = new UpdateSegment[segments.Length];
        for (var i = 0; i < segments.Length; i++)
            directions[i] = segments[i] with { Parameter = X[i].Address };
        Directions = new(accelerator, stream, directions);
        Updates = new(accelerator, stream, segments);
        Orthogonal = new nint[segments.Length];
    }

    public Kernels.MatrixBatch X { get; }

    public Kernels.MatrixBatch Other { get; }

    public Kernels.MatrixBatch Product { get; }

    public Kernels.MatrixBatch Polynomial { get; }

    /// <summary>From gradients and momentum to the matrices to orthogonalize.</summary>
    public IlgpuUpdateTable Directions { get; }

    /// <summary>From the orthogonal matrices to the parameters.</summary>
    public IlgpuUpdateTable Updates { get; }

    /// <summary>Where each orthogonal matrix is; 0 leaves the parameter as it is.</summary>
    public nint[] Orthogonal { get; }

    public override void Dispose()
    {
        Directions.Dispose();
        Updates.Dispose();
        _scratch.Dispose();
        base.Dispose();
    }
}
