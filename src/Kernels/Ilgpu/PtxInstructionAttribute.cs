namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Says which PTX instruction a method of <see cref="Ptx"/> is.</summary>
/// <param name="instruction">The instruction with its suffixes.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PtxInstructionAttribute(string instruction) : Attribute
{
    public string Instruction { get; } = instruction;
}
