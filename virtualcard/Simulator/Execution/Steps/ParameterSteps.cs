namespace VirtualCard.Execution.Steps;

/// <summary>ld.param of a kernel's parameter: the same for all threads.</summary>
internal sealed unsafe class LoadParameterStep(int offset, int[] destinations, int size, int registerSize, bool isSigned) : Step
{
    public override void Run(Warp warp)
    {
        for (var i = 0; i < destinations.Length; i++)
        {
            if (destinations[i] < 0)
                continue;
            // Behind the parameters lie as many zeros as this reads too many.
            var shift = 64 - 8 * size;
            var bits = *(ulong*)(warp.Runner.Parameters + offset + i * size) << shift;
            bits = isSigned ? (ulong)((long)bits >> shift) : bits >> shift;
            var register = warp.Registers + destinations[i];
            if (warp.IsFull)
            {
                Lanes.Fill(register, registerSize, bits);
                continue;
            }
            for (var rest = warp.Active; rest != 0;)
                LaneBits.Write(register, Lanes.Next(ref rest), registerSize, bits);
        }
    }
}

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
                var shift = 64 - 8 * size;
                LaneBits.Write(warp.Registers + destinations[i], lane, registerSize, isSigned ? (ulong)((long)(bits << shift) >> shift) : bits);
            }
        }
    }
}

/// <summary>ld.param and st.param of the parameters of a call, which are each thread's own.</summary>
internal sealed unsafe class CallParameterStep(int offset, int[] registers, int size, int[] registerSizes, bool isSigned, bool isStore) : Step
{
    public override void Run(Warp warp)
    {
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var place = warp.CallParameters + lane * warp.Runner.Program.CallParameterBytes + offset;
            for (var i = 0; i < registers.Length; i++)
            {
                if (registers[i] < 0)
                    continue;
                var register = warp.Registers + registers[i];
                if (isStore)
                {
                    var bits = LaneBits.Read(register, lane, registerSizes[i]);
                    new Span<byte>(&bits, size).CopyTo(new(place + i * size, size));
                }
                else
                {
                    ulong bits = 0;
                    new Span<byte>(place + i * size, size).CopyTo(new(&bits, size));
                    var shift = 64 - 8 * size;
                    LaneBits.Write(register, lane, registerSizes[i], isSigned ? (ulong)((long)(bits << shift) >> shift) : bits);
                }
            }
        }
    }
}
