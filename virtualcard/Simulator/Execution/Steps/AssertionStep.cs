namespace VirtualCard.Execution.Steps;

/// <summary>__assertfail, which nvcc calls where an assertion does not hold.</summary>
internal sealed class AssertionStep : Step
{
    public override void Run(Warp warp) => throw new StepFault(FaultKind.Trap, "device-side assertion failed", System.Numerics.BitOperations.TrailingZeroCount(warp.Active));
}
