namespace VirtualCard.Execution;

/// <summary>A parameter of a kernel.</summary>
public readonly record struct KernelParameter(string Name, int Offset, int Size);
