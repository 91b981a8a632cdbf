using VirtualCard.Execution.Steps;

namespace VirtualCard.Execution.Async;

/// <summary>cp.async.bulk.tensor, tiled mode, thread by thread.</summary>
/// <param name="map">The address of the tensor map.</param>
/// <param name="coordinates">Where the box's first element lies, the innermost dimension first.</param>
/// <param name="barrier">The mbarrier that a load signals; null for a store.</param>
internal sealed unsafe class TensorCopyStep(AddressOperand shared, AddressOperand map, int[] coordinates, AddressOperand? barrier) : Step
{
    private const string What = "tensor copy";

    private const uint Alignment = 128;

    private readonly AddressOperand _shared = shared, _map = map;

    private readonly AddressOperand _barrier = barrier ?? default;

    private readonly bool _isLoad = barrier is not null;

    public override void Run(Warp warp)
    {
        for (var rest = warp.Active; rest != 0;)
            Copy(warp, Lanes.Next(ref rest));
    }

    private void Copy(Warp warp, int lane)
    {
        var bulk = warp.Runner.Async!.Bulk;
        var map = ReadMap(warp, lane);
        var granules = Granules(warp, lane, map);
        if (_isLoad)
        {
            var data = new byte[map.BoxBytes];
            Move(warp, lane, map, data);
            bulk.Load(warp, lane, granules, data, SharedPlaces.Barrier(warp, _barrier, Addresses.Of(warp, _barrier), lane), _shared.Line);
        }
        else
        {
            Move(warp, lane, map, bulk.ReadForStore(warp, lane, granules, _shared.Line));
        }
    }

    private TensorMap ReadMap(Warp warp, int lane)
    {
        var runner = warp.Runner;
        var address = Addresses.Of(warp, _map)[lane];
        var parameters = runner.Request.Parameters;
        ReadOnlySpan<byte> bits;
        if (address >= Windows.Parameters && address + TensorMap.Bytes <= Windows.Parameters + (ulong)parameters.Length)
        {
            bits = parameters.AsSpan((int)(address - Windows.Parameters), TensorMap.Bytes);
        }
        else
        {
            const int Align = 64;
            bits = new(runner.ResolveGlobal(_map.Site, address, TensorMap.Bytes, Align, lane, "tensor map", out _), TensorMap.Bytes);
        }
        var map = TensorMap.Decode(bits) ?? throw new StepFault(FaultKind.Undefined, "not a tensor map (cuTensorMapEncodeTiled makes them)", lane);
        return map.Rank == coordinates.Length ? map : throw new StepFault(FaultKind.Undefined, $"tensor map of rank {map.Rank}", lane);
    }

    /// <summary>The pieces of shared memory in the order of the box, swizzled.</summary>
    private uint[] Granules(Warp warp, int lane, TensorMap map)
    {
        var start = SharedPlaces.Address(_shared, Addresses.Of(warp, _shared), lane);
        if (start % Alignment != 0)
            throw new StepFault(FaultKind.MisalignedAddress, $"shared address 0x{start:x} of a tensor copy is not 128-byte aligned", lane);
        var pattern = (uint)Math.Max(map.Swizzle / BulkCopies.Granule - 1, 0);
        var granules = new uint[map.BoxBytes / BulkCopies.Granule];
        for (var i = 0; i < granules.Length; i++)
        {
            var address = (uint)start + (uint)(i * BulkCopies.Granule);
            address ^= (address >> 7 & pattern) << 4;
            warp.Runner.ResolveShared(_shared.Site, address, BulkCopies.Granule, BulkCopies.Granule, lane, What);
            granules[i] = address - SharedLayout.Base;
        }
        return granules;
    }

    /// <summary>Moves the rows of the box between global memory and data in the box's order; what lies outside of the array stays.</summary>
    private void Move(Warp warp, int lane, TensorMap map, Span<byte> data)
    {
        var row = (int)map.Box[0] * map.ElementBytes;
        var (first, count) = Inside(warp, lane, map, 0);
        var runner = warp.Runner;
        List<ulong> sectors = [];
        long moved = 0;
        Span<uint> place = stackalloc uint[map.Rank];
        place.Clear();
        for (var i = 0; i < data.Length / row; i++)
        {
            if (count > 0 && TryFind(warp, lane, map, place, out var address))
            {
                address += (ulong)((Coordinate(warp, lane, 0) + first) * map.ElementBytes);
                var bytes = count * map.ElementBytes;
                var memory = new Span<byte>(runner.ResolveGlobal(_map.Site, address, bytes, map.ElementBytes, lane, What, out var allocation), bytes);
                var part = data.Slice(i * row + first * map.ElementBytes, bytes);
                if (_isLoad)
                {
                    BlockRunner.CheckWritten(allocation, address, bytes, lane, What);
                    memory.CopyTo(part);
                }
                else
                {
                    part.CopyTo(memory);
                    allocation.MarkWritten((long)(address - allocation.Start), bytes);
                }
                if (runner.Counters is { } counters)
                {
                    counters.Mark(allocation, address, bytes, isStore: !_isLoad);
                    AccessCounters.AddSectors(sectors, address, bytes);
                    moved += bytes;
                }
            }
            Advance(map, place);
        }
        if (moved > 0)
            runner.Counters!.Add(moved, sectors, isStore: !_isLoad);
    }

    private long Coordinate(Warp warp, int lane, int dimension) => ((int*)(warp.Registers + coordinates[dimension]))[lane];

    /// <summary>Which elements of the box lie inside of the array in a dimension.</summary>
    private (int First, int Count) Inside(Warp warp, int lane, TensorMap map, int dimension)
    {
        var start = Coordinate(warp, lane, dimension);
        var first = Math.Max(-start, 0);
        var end = Math.Min(map.Box[dimension], map.Extents[dimension] - start);
        return ((int)first, (int)Math.Max(end - first, 0));
    }

    /// <summary>The address of a row of the box, if it lies inside of the array.</summary>
    private bool TryFind(Warp warp, int lane, TensorMap map, ReadOnlySpan<uint> place, out ulong address)
    {
        address = map.Address;
        for (var i = 1; i < map.Rank; i++)
        {
            var index = Coordinate(warp, lane, i) + place[i];
            if (index < 0 || index >= map.Extents[i])
                return false;
            address += (ulong)index * map.Strides[i];
        }
        return true;
    }

    private static void Advance(TensorMap map, Span<uint> place)
    {
        for (var i = 1; i < place.Length; i++)
        {
            if (++place[i] < map.Box[i])
                return;
            place[i] = 0;
        }
    }
}
