namespace VirtualCard.Execution.Steps;

/// <summary>cp.async.wait_group, or wait_all, which commits first.</summary>
internal sealed class WaitCopiesStep(int pending, bool isAll, int line) : Step
{
    public override void Run(Warp warp)
    {
        if (isAll)
            warp.CommitCopies();
        warp.WaitForCopies(pending, line);
    }
}
