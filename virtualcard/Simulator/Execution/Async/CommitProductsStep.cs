namespace VirtualCard.Execution.Async;

/// <summary>wgmma.commit_group</summary>
internal sealed class CommitProductsStep : Step
{
    public override void Run(Warp warp) => warp.Runner.Async!.Products.Commit(warp);
}
