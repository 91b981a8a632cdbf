namespace VirtualCard.Execution.Async;

/// <summary>An instruction that touches registers which products of warpgroups use.</summary>
internal sealed class TrackedStep(Step step, int[] registers) : Step
{
    public override void Run(Warp warp)
    {
        warp.Runner.Async!.Products.Touch(warp, registers);
        step.Run(warp);
    }
}
