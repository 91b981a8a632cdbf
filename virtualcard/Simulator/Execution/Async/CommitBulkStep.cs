namespace VirtualCard.Execution.Async;

/// <summary>cp.async.bulk.commit_group</summary>
internal sealed class CommitBulkStep : Step
{
    public override void Run(Warp warp) => warp.Runner.Async!.Bulk.Commit(warp);
}
