using VirtualCard.Ptx;

namespace VirtualCard.Execution.Steps;

/// <summary>The rows of the 8 x 8 matrices of ldmatrix and stmatrix: their addresses come from the first lanes.</summary>
internal static unsafe class MatrixRows
{
    public const int Rows = 8, RowBytes = 16;

    /// <summary>The address of each row in shared memory, checked.</summary>
    public static void Find(Warp warp, in AddressOperand operand, int count, byte** rows, bool isStore)
    {
        var addresses = Addresses.Of(warp, operand);
        var runner = warp.Runner;
        if (operand.Space == StateSpace.Generic)
        {
            for (var lane = 0; lane < Rows * count; lane++)
            {
                if (!Windows.IsShared(addresses[lane]))
                    throw new StepFault(FaultKind.IllegalAddress, "generic matrix address is not in shared memory", lane);
                warp.Addresses[lane] = addresses[lane] - Windows.Shared;
            }
            addresses = warp.Addresses;
        }
        var lanes = count == 4 ? Lanes.All : (1u << Rows * count) - 1;
        runner.Counters?.Shared(addresses, lanes, RowBytes, isStore);
        for (var lane = 0; lane < Rows * count; lane++)
        {
            rows[lane] = runner.ResolveShared(operand.Site, addresses[lane], RowBytes, RowBytes, lane, isStore ? "stmatrix row" : "ldmatrix row");
            var offset = (uint)addresses[lane] - SharedLayout.Base;
            if (isStore)
                runner.NoteSharedWrite(warp, lane, offset, RowBytes, operand.Line);
            else
                runner.NoteSharedRead(warp, lane, offset, RowBytes, operand.Line);
        }
    }
}

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
