namespace VirtualCard.Execution.Steps;

/// <summary>trap</summary>
internal sealed class TrapStep : Step
{
    public override void Run(Warp warp) => throw new StepFault(FaultKind.Trap, "trap executed", System.Numerics.BitOperations.TrailingZeroCount(warp.Active));
}
