using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GpuOptim.Host;

/// <summary>Numbers of one type, one after the other, in a device's memory.</summary>
public abstract class DeviceBuffer : IDisposable
{
    private nint _address;

    private protected DeviceBuffer(Device device, ElementType elementType, nint address, long length)
    {
        Device = device;
        ElementType = elementType;
        Length = length;
        _address = address;
    }

    /// <summary>The device whose memory this is.</summary>
    public Device Device { get; }

    /// <summary>The type of the numbers.</summary>
    public ElementType ElementType { get; }

    /// <summary>How many numbers there are.</summary>
    public long Length { get; }

    /// <summary>Bytes occupied.</summary>
    public long SizeInBytes => Length * ElementType.Size();

    /// <summary>Whether the memory is gone.</summary>
    public virtual bool IsDisposed { get; private protected set; }

    /// <summary>Where the numbers lie, in the device's address space; on a <see cref="SimdDevice"/> an ordinary pointer.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            return _address;
        }
    }

    /// <summary>Sets every byte to zero.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public void Clear() => Device.Clear(Address, SizeInBytes);

    /// <summary>Gives the memory back if the buffer owns it. A slice or a wrapper lets go of it.</summary>
    public void Dispose()
    {
        if (!IsDisposed)
        {
            IsDisposed = true;
            Device.Forget(this);
            Release();
        }
        GC.SuppressFinalize(this);
    }

    private protected abstract void Release();

    /// <summary>
    /// Has a wrapper of an engine's memory look at other memory of the same length: for engines whose tensors move between steps. Allocates nothing.
    /// </summary>
    /// <param name="pointer">Where the first element is from now on, in the device's address space; aligned to an element. It must stay valid while the buffer is used.</param>
    /// <exception cref="InvalidOperationException">The buffer owns its memory, or pins it, or is a part of another.</exception>
    /// <exception cref="ArgumentException">The pointer is null, not aligned to an element, or memory of another device.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public void MoveTo(nint pointer)
    {
        if (pointer == Address)
            return;
        if (!IsMovable)
            throw new InvalidOperationException("Only a buffer that wraps an engine's pointer can move. This one owns or pins its memory, or is a part of another.");
        Device.ThrowIfForeign(pointer, Length, ElementType);
        _address = pointer;
        Device.CountChange();
    }

    /// <summary>Whether the memory is an engine's, known by its address alone.</summary>
    private protected abstract bool IsMovable { get; }

    /// <summary>A part of the buffer as a buffer; it shares the memory and must not outlive it.</summary>
    internal abstract DeviceBuffer SliceUntyped(long start, long length);

    internal void CopyBytesTo(Span<byte> destination) => Device.CopyToHost(Address, destination);

    internal void CopyBytesFrom(ReadOnlySpan<byte> source) => Device.CopyFromHost(source, Address);
}

/// <summary>Numbers of type <typeparamref name="T"/>, one after the other, in a device's memory.</summary>
/// <typeparam name="T"><see cref="float"/>, <see cref="BFloat16"/> or <see cref="Half"/>.</typeparam>
public sealed class DeviceBuffer<T> : DeviceBuffer where T : unmanaged
{
    private readonly IDisposable? _memory;
    private readonly DeviceBuffer? _parent;

    /// <param name="device">The device whose memory this is.</param>
    /// <param name="address">Where it begins.</param>
    /// <param name="length">How many elements there are.</param>
    /// <param name="memory">What to dispose of with the buffer; null if the memory is somebody else's.</param>
    internal DeviceBuffer(Device device, nint address, long length, IDisposable? memory)
        : base(device, ElementTypes.Of<T>(), address, length) => _memory = memory;

    private DeviceBuffer(DeviceBuffer parent, nint address, long length)
        : base(parent.Device, parent.ElementType, address, length) => _parent = parent;

    /// <inheritdoc/>
    public override bool IsDisposed => base.IsDisposed || (_parent?.IsDisposed ?? false);

    /// <summary>The numbers themselves, to read and write in place.</summary>
    /// <exception cref="NotSupportedException">The device's memory cannot be reached from the host; use <see cref="CopyTo"/> and <see cref="CopyFrom"/>.</exception>
    /// <exception cref="InvalidOperationException">The buffer is too long for a span; slice it first.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public unsafe Span<T> Span
    {
        get
        {
            if (!Device.IsHostAccessible)
                throw new NotSupportedException($"The memory of device '{Device.Name}' cannot be reached from the host. Use CopyTo and CopyFrom.");
            if (Length > int.MaxValue)
                throw new InvalidOperationException($"A span holds at most {int.MaxValue} elements; slice the buffer first. Actual length was {Length}.");
            return new((void*)Address, (int)Length);
        }
    }

    /// <summary>Copies numbers from the host into the buffer.</summary>
    /// <param name="source">What to copy.</param>
    /// <param name="start">Index in the buffer of the first number written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The numbers do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public void CopyFrom(ReadOnlySpan<T> source, long start = 0) =>
        Device.CopyFromHost(MemoryMarshal.AsBytes(source), AddressOf(start, source.Length));

    /// <summary>Copies numbers from the buffer to the host, waiting for work under way on the device.</summary>
    /// <param name="destination">Where to copy to; its length says how many.</param>
    /// <param name="start">Index in the buffer of the first number read.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer holds fewer numbers.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public void CopyTo(Span<T> destination, long start = 0) =>
        Device.CopyToHost(AddressOf(start, destination.Length), MemoryMarshal.AsBytes(destination));

    /// <summary>The whole buffer as a new array on the host.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public T[] ToArray()
    {
        var array = new T[Length];
        CopyTo(array);
        return array;
    }

    /// <summary>A part of the buffer as a buffer; it shares the memory and must not outlive it.</summary>
    /// <param name="start">Index of the first element.</param>
    /// <param name="length">How many elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie in the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public DeviceBuffer<T> Slice(long start, long length) => new(this, AddressOf(start, length), length);

    private protected override bool IsMovable => _memory is null && _parent is null;

    internal override DeviceBuffer SliceUntyped(long start, long length) => Slice(start, length);

    private protected override void Release() => _memory?.Dispose();

    private nint AddressOf(long start, long length)
    {
        if (start < 0 || start > Length)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"start must be in [0, {Length}], the length of the buffer.");
        if (length < 0 || length > Length - start)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"{length} elements from index {start} must lie in a buffer of {Length}.");
        return Address + (nint)start * Unsafe.SizeOf<T>();
    }
}
