namespace VirtualCard.Execution.Steps;

/// <summary>What an atomic makes of the old value, its operand and, for cas, the second.</summary>
internal delegate ulong AtomicOperation(ulong old, ulong operand, ulong second);
