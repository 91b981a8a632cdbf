using System.Diagnostics.CodeAnalysis;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>Memory of an accelerator that is given back in the accelerator's context, whichever is current for the thread.</summary>
/// <param name="queue">Of the accelerator.</param>
/// <param name="memory">The memory.</param>
internal sealed class BoundMemory(IlgpuQueue queue, MemoryBuffer memory) : IDisposable
{
    [SuppressMessage("Usage", "CA1816", Justification = "What went with a context that was reset must not be given back by the finalizer either.")]
    public void Dispose()
    {
        if (queue.IsGone)
        {
            GC.SuppressFinalize(memory);
            return;
        }
        using var scope = queue.Enter();
        memory.Dispose();
    }
}
