namespace VirtualCard.Execution.Steps;

/// <summary>Executes steps in order: an instruction that takes several.</summary>
internal sealed class SequenceStep(params Step[] steps) : Step
{
    public override void Run(Warp warp)
    {
        foreach (var step in steps)
            step.Run(warp);
    }
}
