namespace VirtualCard.Execution.Steps;

/// <summary>Reads a register that counts time: no two reads are alike.</summary>
internal sealed unsafe class ClockStep(int d, int size) : Step
{
    private static long _time;

    public override void Run(Warp warp)
    {
        var now = (ulong)Interlocked.Increment(ref _time) * 16;
        for (var rest = warp.Active; rest != 0;)
            LaneBits.Write(warp.Registers + d, Lanes.Next(ref rest), size, now);
    }
}
