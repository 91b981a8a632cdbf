namespace VirtualCard.Execution.Steps;

/// <summary>stmatrix</summary>
internal sealed unsafe class StoreMatrixStep(AddressOperand address, int[] sources, bool isTransposed) : Step
{
    private readonly AddressOperand _address = address;

    public override void Run(Warp warp)
    {
        var rows = stackalloc byte*[Lanes.Count];
        MatrixRows.Find(warp, _address, sources.Length, rows, isStore: true);
        for (var matrix = 0; matrix < sources.Length; matrix++)
        {
            var from = warp.Registers + sources[matrix];
            for (var row = 0; row < MatrixRows.Rows; row++)
            {
                var to = rows[MatrixRows.Rows * matrix + row];
                for (var column = 0; column < MatrixRows.Rows; column++)
                    ((ushort*)to)[column] = ((ushort*)from)[isTransposed ? MatrixRows.Rows * column + row : MatrixRows.Rows * row + column];
            }
        }
    }
}
