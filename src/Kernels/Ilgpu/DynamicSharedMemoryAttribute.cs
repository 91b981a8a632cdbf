namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Says how much dynamic shared memory a kernel is launched with; above 48 KB a card must be asked for it.</summary>
/// <param name="bytes">Bytes for each group of threads.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class DynamicSharedMemoryAttribute(int bytes) : Attribute
{
    public int Bytes { get; } = bytes;
}
