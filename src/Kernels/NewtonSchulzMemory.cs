namespace GpuOptim.Kernels;

/// <summary>The memory that matrices are orthogonalized in: twice the matrices, and some square ones of their short side.</summary>
/// <param name="X">The matrices; overwritten.</param>
/// <param name="Other">As many.</param>
/// <param name="Squares">The first square matrices.</param>
/// <param name="SquareBytes">Bytes from these to the next.</param>
internal readonly record struct NewtonSchulzMemory(MatrixBatch X, MatrixBatch Other, MatrixBatch Squares, long SquareBytes)
{
    /// <summary>The n-th square matrices.</summary>
    public MatrixBatch this[int n] => Squares with { Address = Squares.Address + (nint)(n * SquareBytes) };

    /// <summary>Where this memory ends.</summary>
    public nint End(NewtonSchulzMethod method) => this[Count(method)].Address;

    /// <summary>Parts memory into matrices.</summary>
    /// <param name="method">The method.</param>
    /// <param name="x">The matrices, which come first.</param>
    /// <param name="square">The square ones.</param>
    /// <param name="alignment">A number of bytes on whose multiples parts begin, seen from the first.</param>
    public static NewtonSchulzMemory Create(NewtonSchulzMethod method, MatrixBatch x, MatrixBatch square, int alignment)
    {
        var bytes = (nint)Bytes(x, alignment);
        return new(x, x with { Address = x.Address + bytes }, square with { Address = x.Address + 2 * bytes }, Bytes(square, alignment));
    }

    /// <summary>The memory of matrices that are worked on elsewhere, and come back to where they were.</summary>
    /// <param name="x">The matrices.</param>
    /// <param name="alignment">A number of bytes on whose multiples memory ends, seen from the first matrix.</param>
    public static NewtonSchulzMemory CreateInPlace(MatrixBatch x, int alignment) => new(x, x, x with { Address = x.Address + (nint)Bytes(x, alignment) }, 0);

    private static int Count(NewtonSchulzMethod method) => method == NewtonSchulzMethod.Gram ? 4 : 2;

    private static long Bytes(MatrixBatch matrices, int alignment) => (matrices.Count * matrices.Length * matrices.ElementType.Size() + alignment - 1) / alignment * alignment;
}
