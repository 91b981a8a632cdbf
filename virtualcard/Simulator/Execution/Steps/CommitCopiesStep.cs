namespace VirtualCard.Execution.Steps;

/// <summary>cp.async.commit_group</summary>
internal sealed class CommitCopiesStep : Step
{
    public override void Run(Warp warp) => warp.CommitCopies();
}
