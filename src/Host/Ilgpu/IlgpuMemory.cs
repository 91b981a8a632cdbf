using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu;

/// <summary>The memory that an accelerator handed out, by address: ILGPU copies views, not addresses.</summary>
internal sealed class IlgpuMemory(IlgpuQueue queue)
{
    private const int Alignment = 256;

    private readonly Lock _gate = new();
    private readonly SortedList<nint, ArrayView<byte>> _views = [];

    /// <summary>Zeroed memory, and what to dispose of to give it back.</summary>
    public (nint Address, IDisposable Memory) Allocate(long bytes)
    {
        // ILGPU's CPU accelerator aligns less than CUDA does.
        var buffer = queue.Allocate(bytes + Alignment);
        var misalignment = (int)(buffer.NativePtr % Alignment);
        return Add(buffer.View.BaseView.SubView((Alignment - misalignment) % Alignment, Math.Max(1, bytes)), buffer);
    }

    /// <summary>Memory that somebody else owns.</summary>
    public (nint Address, IDisposable Memory) Wrap(ArrayView<byte> view) => Add(view, null);

    /// <summary>A view of some bytes, wherever in an allocation they lie.</summary>
    public ArrayView<byte> View(nint address, long bytes)
    {
        lock (_gate)
        {
            int low = 0, high = _views.Count;
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = _views.Keys[middle] <= address ? (middle + 1, high) : (low, middle);
            }
            return _views.Values[low - 1].SubView(address - _views.Keys[low - 1], bytes);
        }
    }

    private (nint Address, IDisposable Memory) Add(ArrayView<byte> view, MemoryBuffer? owned)
    {
        var address = view.LoadEffectiveAddressAsPtr();
        lock (_gate)
            _views[address] = view;
        return (address, new Handle(this, address, owned));
    }

    private sealed class Handle(IlgpuMemory memory, nint address, MemoryBuffer? owned) : IDisposable
    {
        public void Dispose()
        {
            lock (memory._gate)
                memory._views.Remove(address);
            owned?.Dispose();
        }
    }
}
