namespace VirtualCard.Execution.Steps;

/// <summary>activemask</summary>
internal sealed unsafe class ActiveMaskStep(int d) : Step
{
    public override void Run(Warp warp)
    {
        for (var rest = warp.Active; rest != 0;)
            ((uint*)(warp.Registers + d))[Lanes.Next(ref rest)] = warp.Active;
    }
}
