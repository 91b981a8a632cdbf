namespace VirtualCard.Execution;

/// <summary>A predicate register as an operand: where its bits lie, and what they are flipped with where it is negated.</summary>
internal readonly record struct PredicateSlot(int Offset, uint Flip);
