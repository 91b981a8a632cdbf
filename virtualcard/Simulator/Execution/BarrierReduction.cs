namespace VirtualCard.Execution;

/// <summary>How a barrier combines the threads' predicates.</summary>
internal enum BarrierReduction
{
    None,
    Count,
    And,
    Or,
}
