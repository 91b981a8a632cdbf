namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Names the one architecture that a kernel runs on: it has instructions that neither earlier nor later ones have.</summary>
/// <param name="name">As PTX has it, as <c>sm_90a</c>.</param>
/// <param name="version">The PTX version that knows it.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PtxTargetAttribute(string name, string version) : Attribute
{
    public string Name { get; } = name;

    public string Version { get; } = version;
}
