namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Says which PTX instruction a method of <see cref="Ptx"/> or <see cref="TensorCore"/> is.</summary>
/// <param name="instruction">The instruction with its suffixes.</param>
/// <param name="operands">Its operands, where <c>{0}</c>, <c>{1}</c> and so on are the result, if there is one, and the arguments; those in this order if null.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PtxInstructionAttribute(string instruction, string? operands = null) : Attribute
{
    public string Instruction { get; } = instruction;

    public string? Operands { get; } = operands;

    /// <summary>If it takes sm_80, the name of the method beside it that serves older cards.</summary>
    public string? BeforeSm80 { get; init; }
}
