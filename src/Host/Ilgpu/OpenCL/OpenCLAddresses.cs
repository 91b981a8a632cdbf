using ILGPU;

namespace GpuOptim.Host.Ilgpu.OpenCL;

/// <summary>
/// Addresses for memory that has none: OpenCL knows buffers, which kernels must be given as arguments. An address of ours has the number of a buffer in
/// its upper bits, and bytes from the buffer's start in the lower ones, so that one can reckon with it as with others.
/// </summary>
internal sealed class OpenCLAddresses
{
    /// <summary>Bits of what is within a buffer: a terabyte.</summary>
    private const int OffsetBits = 40;

    private readonly Lock _gate = new();
    private readonly Dictionary<nint, ArrayView<byte>> _buffers = [];
    private readonly Stack<nint> _free = [];

    /// <summary>Gives a buffer an address.</summary>
    /// <param name="buffer">The buffer, whole.</param>
    /// <param name="memory">What is disposed of with the address; null if that is somebody else's.</param>
    /// <returns>The address, and what takes it back.</returns>
    public (nint Address, IDisposable Memory) Add(ArrayView<byte> buffer, IDisposable? memory)
    {
        lock (_gate)
        {
            // If none is free, all from 1 on are in use.
            var number = _free.TryPop(out var free) ? free : _buffers.Count + 1;
            _buffers.Add(number, buffer);
            return (number << OffsetBits, new Entry(this, number, memory));
        }
    }

    /// <summary>The buffer that an address is in, whole, and bytes from its start.</summary>
    public (ArrayView<byte> Buffer, long Offset) Find(nint address)
    {
        lock (_gate)
            return (_buffers[address >> OffsetBits], address & ((1L << OffsetBits) - 1));
    }

    private sealed class Entry(OpenCLAddresses addresses, nint number, IDisposable? memory) : IDisposable
    {
        private bool _isDisposed;

        public void Dispose()
        {
            lock (addresses._gate)
            {
                if (_isDisposed)
                    return;
                _isDisposed = true;
                addresses._buffers.Remove(number);
                addresses._free.Push(number);
            }
            memory?.Dispose();
        }
    }
}
