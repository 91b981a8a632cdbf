namespace VirtualCard.Execution.Steps;

/// <summary>movmatrix.trans</summary>
internal sealed unsafe class MoveMatrixStep(int d, int a) : Step
{
    public override void Run(Warp warp)
    {
        var transposed = stackalloc ushort[2 * Lanes.Count];
        var from = (ushort*)(warp.Registers + a);
        for (var row = 0; row < MatrixRows.Rows; row++)
        {
            for (var column = 0; column < MatrixRows.Rows; column++)
                transposed[MatrixRows.Rows * column + row] = from[MatrixRows.Rows * row + column];
        }
        new Span<ushort>(transposed, 2 * Lanes.Count).CopyTo(new(warp.Registers + d, 2 * Lanes.Count));
    }
}
