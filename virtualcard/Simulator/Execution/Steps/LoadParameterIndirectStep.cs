namespace VirtualCard.Execution.Steps;

/// <summary>ld.param through a register that holds the parameter's address.</summary>
internal sealed unsafe class LoadParameterIndirectStep(AddressOperand address, int[] destinations, int size, int registerSize, bool isSigned) : Step
{
    private readonly AddressOperand _address = address;

    public override void Run(Warp warp)
    {
        var addresses = Addresses.Of(warp, _address);
        var parameters = warp.Runner.Request.Parameters;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var offset = addresses[lane] - Windows.Parameters;
            if (offset > (ulong)parameters.Length || offset + (ulong)(size * destinations.Length) > (ulong)parameters.Length)
                throw new StepFault(FaultKind.IllegalAddress, "out-of-bounds parameter load", lane);
            for (var i = 0; i < destinations.Length; i++)
            {
                if (destinations[i] < 0)
                    continue;
                ulong bits = 0;
                parameters.AsSpan((int)offset + i * size, size).CopyTo(new Span<byte>(&bits, size));
                LaneBits.Write(warp.Registers + destinations[i], lane, registerSize, LaneBits.Extend(bits, size, isSigned));
            }
        }
    }
}
