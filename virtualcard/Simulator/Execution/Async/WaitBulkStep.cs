namespace VirtualCard.Execution.Async;

/// <summary>cp.async.bulk.wait_group</summary>
internal sealed class WaitBulkStep(int pending) : Step
{
    public override void Run(Warp warp) => warp.Runner.Async!.Bulk.Wait(warp, pending);
}
