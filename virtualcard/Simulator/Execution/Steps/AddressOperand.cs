using VirtualCard.Ptx;

namespace VirtualCard.Execution.Steps;

/// <summary>The address of an access: a register of 32 or 64 bits, or a constant, and an offset.</summary>
/// <param name="Site">The instruction's number among those that access memory.</param>
internal readonly record struct AddressOperand(int Register, int Size, long Offset, StateSpace Space, int Site, int Line);
