using System.Runtime.InteropServices;

namespace VirtualCard.Driver.Scheduling;

/// <summary>A copy of bytes.</summary>
internal sealed unsafe class CopyOperation : Operation
{
    private readonly Place _to;
    private readonly Place _from;
    private readonly ulong _bytes;

    /// <exception cref="DriverException">One of the addresses is wrong.</exception>
    public CopyOperation(ulong destination, ulong source, ulong bytes)
    {
        (_to, _from, _bytes) = (Place.Find(destination, bytes, "destination"), Place.Find(source, bytes, "source"), bytes);
        Kind = (_from.IsDevice, _to.IsDevice) switch
        {
            (false, true) => CopyKind.HostToDevice,
            (true, false) => CopyKind.DeviceToHost,
            (true, true) => CopyKind.DeviceToDevice,
            _ => CopyKind.HostToHost,
        };
        if (destination < source + bytes && source < destination + bytes)
            Machine.Reports.Add($"{this}: source and destination overlap");
    }

    public CopyKind Kind { get; }

    public Place Destination => _to;

    public Place Source => _from;

    /// <summary>Whether it uses memory of the host that is not page-locked.</summary>
    public bool IsPageable => _to.IsPageable || _from.IsPageable;

    public override void Stage(Work work)
    {
        if (Kind == CopyKind.HostToDevice)
        {
            // Where other work may still write, the bytes of now are not those to compare with.
            if (_from.IsPageable || !Machine.Scheduler.MayUseHost(_from.Address, _from.Address + _bytes, writes: true))
                work.Staged = new(_from.Data, _bytes);
        }
        else if (Kind == CopyKind.DeviceToHost && _to.IsPageLocked && !Machine.Scheduler.MayUseHost(_to.Address, _to.Address + _bytes, writes: false))
        {
            // A card may have written anything there at any time from now on.
            HostMemory.Poison(_to.Data, (long)_bytes);
        }
    }

    public override void Execute(Work work)
    {
        CheckAlive(_to, "destination");
        CheckAlive(_from, "source");
        var source = _from.Data;
        if (_from.IsPageable && work.Staged is { } staged)
            source = staged.Data;
        else if (work.Staged is { } before && before.FirstDifference(source) is >= 0 and var place)
            Machine.Reports.Add(work.Call, $"{work}: host memory changed before the copy ran, first byte {place}");
        if (Kind == CopyKind.DeviceToHost && _from.Allocation!.FirstUnwritten(_from.Offset, (long)_bytes) is >= 0 and var unwritten)
            Machine.Reports.Add(work.Call, $"{work}: copies memory that was never written, first byte {unwritten - _from.Offset}");
        Buffer.MemoryCopy(source, _to.Data, _bytes, _bytes);
        if (_to.Allocation is { Written: not null } to)
        {
            if (_from.Allocation is { Written: not null } from)
                Buffer.MemoryCopy(from.Written + _from.Offset, to.Written + _to.Offset, _bytes, _bytes);
            else
                NativeMemory.Fill(to.Written + _to.Offset, (nuint)_bytes, 1);
        }
    }

    public override bool MayUseHost(ulong start, ulong end) => MayWriteHost(start, end) || !_from.IsDevice && Overlaps(_from, start, end);

    public override bool MayWriteHost(ulong start, ulong end) => !_to.IsDevice && Overlaps(_to, start, end);

    public override bool CanBecome(Operation other) => other is CopyOperation copy && copy.Kind == Kind;

    public override string? FindGone() => _to.Allocation is { IsFreed: true } ? $"the destination, {_to}, was freed"
        : _from.Allocation is { IsFreed: true } ? $"the source, {_from}, was freed" : null;

    public override string ToString() => $"copy of {_bytes} bytes from {_from} to {_to}";

    private static void CheckAlive(Place place, string role)
    {
        if (place.Allocation is { IsFreed: true })
            throw new DriverException(Result.IllegalAddress, $"the {role} was freed");
    }

    private bool Overlaps(Place place, ulong start, ulong end) => place.Address < end && start < place.Address + _bytes;
}
