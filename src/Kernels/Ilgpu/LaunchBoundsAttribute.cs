using System.Reflection;
using ILGPU.Runtime;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>What the compiler of a kernel is to keep room for: so many registers a thread, and no more.</summary>
/// <param name="threads">The most threads of a group.</param>
/// <param name="groups">How many such groups are to fit a multiprocessor at least.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LaunchBoundsAttribute(int threads, int groups) : Attribute
{
    /// <summary>Those of a kernel, as ILGPU takes them; none if it has none.</summary>
    public static KernelSpecialization Of(MethodInfo kernel) => kernel.GetCustomAttribute<LaunchBoundsAttribute>() is { } bounds ? new(bounds.Threads, bounds.Groups) : default;

    public int Threads { get; } = threads;

    public int Groups { get; } = groups;
}
