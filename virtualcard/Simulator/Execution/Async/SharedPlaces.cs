using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Async;

/// <summary>Finds what lies in shared memory.</summary>
internal static unsafe class SharedPlaces
{
    /// <summary>An address in the space of shared memory; generic ones are converted.</summary>
    public static ulong Address(in AddressOperand operand, ulong* addresses, int lane)
    {
        var address = addresses[lane];
        if (operand.Space != StateSpace.Generic)
            return address;
        return Windows.IsShared(address) ? address - Windows.Shared : throw new StepFault(FaultKind.IllegalAddress, "generic address is not in shared memory", lane);
    }

    /// <summary>The offset of a lane's mbarrier from the start of shared memory.</summary>
    public static uint Barrier(Warp warp, in AddressOperand operand, ulong* addresses, int lane)
    {
        var address = Address(operand, addresses, lane);
        warp.Runner.ResolveShared(operand.Site, address, sizeof(ulong), sizeof(ulong), lane, "mbarrier");
        return (uint)address - SharedLayout.Base;
    }
}
