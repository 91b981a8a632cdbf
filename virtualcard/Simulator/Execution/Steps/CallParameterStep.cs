namespace VirtualCard.Execution.Steps;

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
                    LaneBits.Write(register, lane, registerSizes[i], LaneBits.Extend(bits, size, isSigned));
                }
            }
        }
    }
}
