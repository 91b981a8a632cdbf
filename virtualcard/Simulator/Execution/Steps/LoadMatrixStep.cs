namespace VirtualCard.Execution.Steps;

/// <summary>ldmatrix: lane l gets word l % 4 of row l / 4, or of the transposed matrix.</summary>
internal sealed unsafe class LoadMatrixStep(AddressOperand address, int[] destinations, bool isTransposed) : Step
{
    private readonly AddressOperand _address = address;

    public override void Run(Warp warp)
    {
        var rows = stackalloc byte*[Lanes.Count];
        MatrixRows.Find(warp, _address, destinations.Length, rows, isStore: false);
        for (var matrix = 0; matrix < destinations.Length; matrix++)
        {
            var to = warp.Registers + destinations[matrix];
            for (var row = 0; row < MatrixRows.Rows; row++)
            {
                var from = rows[MatrixRows.Rows * matrix + row];
                if (!isTransposed)
                {
                    Buffer.MemoryCopy(from, to + MatrixRows.RowBytes * row, MatrixRows.RowBytes, MatrixRows.RowBytes);
                    continue;
                }
                for (var column = 0; column < MatrixRows.Rows; column++)
                    ((ushort*)to)[MatrixRows.Rows * column + row] = ((ushort*)from)[column];
            }
        }
    }
}
