namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>Eight elements of a matrix in shared memory, of which a group's threads take one after the other.</summary>
/// <typeparam name="TColumns">Elements of a line.</typeparam>
/// <param name="index">Which one, row by row.</param>
internal readonly struct Piece<TColumns>(int index) where TColumns : struct, IExtent
{
    /// <summary>Their row.</summary>
    public readonly int Row = index / (TColumns.Elements / 8);

    /// <summary>The column of the first.</summary>
    public readonly int Column = (index & (TColumns.Elements / 8 - 1)) * 8;

    /// <summary>Bytes from the start of the matrix.</summary>
    public int Place => Lines<TColumns>.Place(Row, Column);

    /// <summary>The next one of the thread.</summary>
    public Piece<TColumns> Next => new((Row * TColumns.Elements + Column) / 8 + SmallMatrices.GroupSize);
}
