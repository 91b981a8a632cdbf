namespace VirtualCard.Execution.Steps;

/// <summary>How setp combines its comparison with a predicate.</summary>
internal enum PredicateCombination
{
    None,
    And,
    Or,
    Xor,
}
