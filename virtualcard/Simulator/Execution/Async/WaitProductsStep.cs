namespace VirtualCard.Execution.Async;

/// <summary>wgmma.wait_group</summary>
internal sealed class WaitProductsStep(int pending) : Step
{
    public override void Run(Warp warp) => warp.Runner.Async!.Products.Wait(warp, pending);
}
