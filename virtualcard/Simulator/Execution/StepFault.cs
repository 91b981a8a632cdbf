namespace VirtualCard.Execution;

/// <summary>A fault as an instruction sees it; the runner adds where in the kernel it happened.</summary>
/// <param name="lane">The lane at fault.</param>
internal sealed class StepFault(FaultKind kind, string message, int lane) : Exception(message)
{
    public FaultKind Kind { get; } = kind;

    public int Lane { get; } = lane;
}
