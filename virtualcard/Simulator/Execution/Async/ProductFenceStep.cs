namespace VirtualCard.Execution.Async;

/// <summary>wgmma.fence</summary>
internal sealed class ProductFenceStep : Step
{
    public override void Run(Warp warp) => warp.Runner.Async!.Products.Fence(warp);
}
