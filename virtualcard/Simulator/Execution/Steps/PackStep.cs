namespace VirtualCard.Execution.Steps;

/// <summary>Copies parts of a register of 64 or 32 bits out of it, or into it.</summary>
/// <param name="parts">-1 takes nothing.</param>
internal sealed unsafe class PackStep(int whole, int wholeSize, int[] parts, bool isUnpack) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var size = wholeSize / parts.Length;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            if (isUnpack)
            {
                var bits = LaneBits.Read(r + whole, lane, wholeSize);
                for (var i = 0; i < parts.Length; i++)
                {
                    if (parts[i] >= 0)
                        LaneBits.Write(r + parts[i], lane, size, bits >> 8 * size * i);
                }
            }
            else
            {
                ulong bits = 0;
                for (var i = 0; i < parts.Length; i++)
                    bits |= LaneBits.Read(r + parts[i], lane, size) << 8 * size * i;
                LaneBits.Write(r + whole, lane, wholeSize, bits);
            }
        }
    }
}
