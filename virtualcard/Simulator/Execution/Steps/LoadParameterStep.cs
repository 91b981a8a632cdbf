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
            var bits = LaneBits.Extend(*(ulong*)(warp.Runner.Parameters + offset + i * size), size, isSigned);
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
