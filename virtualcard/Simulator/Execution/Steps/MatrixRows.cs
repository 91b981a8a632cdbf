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
