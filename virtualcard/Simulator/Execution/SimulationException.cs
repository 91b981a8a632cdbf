namespace VirtualCard.Execution;

/// <summary>A fault of a running kernel; the message names kernel, line, instruction, thread and block.</summary>
public sealed class SimulationException(FaultKind kind, string message) : Exception(message)
{
    public FaultKind Kind { get; } = kind;
}
