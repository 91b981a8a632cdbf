namespace VirtualCard.Execution.Steps;

/// <summary>The kinds of shift.</summary>
internal enum ShiftKind
{
    Left,
    Right,
    RightArithmetic,
}
