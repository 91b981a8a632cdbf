using System.Runtime.InteropServices;

namespace VirtualCard.Driver.Scheduling;

/// <summary>A memset.</summary>
internal sealed unsafe class FillOperation : Operation
{
    private readonly Place _to;
    private readonly uint _value;
    private readonly int _width;
    private readonly ulong _bytes;

    /// <exception cref="DriverException">The address is wrong.</exception>
    public FillOperation(CardContext context, ulong destination, uint value, int width, ulong count)
    {
        (_value, _width, _bytes) = (value, width, count * (ulong)width);
        _to = Place.Find(destination, _bytes, "destination");
        if (_to.Allocation is null)
            throw new DriverException(Result.InvalidValue, $"the destination 0x{destination:x} is host memory that is not page-locked");
        if (!context.MayUse(_to.Allocation))
            throw new DriverException(Result.InvalidValue, $"the destination {_to} is of {_to.Allocation.Owner}, which {context} has no access to");
        if (destination % (ulong)width != 0)
            throw new DriverException(Result.InvalidValue, $"the destination {_to} is no multiple of {width}");
    }

    public ulong Bytes => _bytes;

    /// <summary>Whether the host waits for it.</summary>
    public bool IsBlocking => _to.IsPageLocked;

    public override void Execute(Work work)
    {
        if (_to.Allocation!.IsFreed)
            throw new DriverException(Result.IllegalAddress, "the destination was freed");
        const ulong Most = 1 << 30;
        for (ulong done = 0; done < _bytes; done += Most)
        {
            var part = new Span<byte>(_to.Data + done, (int)Math.Min(_bytes - done, Most));
            if (_width == 1)
                part.Fill((byte)_value);
            else if (_width == 2)
                MemoryMarshal.Cast<byte, ushort>(part).Fill((ushort)_value);
            else
                MemoryMarshal.Cast<byte, uint>(part).Fill(_value);
        }
        if (_to.Allocation.Written != null)
            NativeMemory.Fill(_to.Allocation.Written + _to.Offset, (nuint)_bytes, 1);
    }

    public override bool MayUseHost(ulong start, ulong end) => !_to.IsDevice && _to.Address < end && start < _to.Address + _bytes;

    public override string? FindGone() => _to.Allocation!.IsFreed ? $"the destination, {_to}, was freed" : null;

    public override string ToString() => $"memset of {_bytes} bytes at {_to}";
}
