using VirtualCard.Execution.Steps;

namespace VirtualCard.Execution.Async;

/// <summary>cp.async.bulk of consecutive bytes, thread by thread.</summary>
/// <param name="size">Where the number of bytes lies.</param>
/// <param name="barrier">The mbarrier that a load signals; null for a store.</param>
internal sealed unsafe class BulkCopyStep(AddressOperand shared, AddressOperand global, int size, AddressOperand? barrier) : Step
{
    private const string What = "cp.async.bulk global address";

    private readonly AddressOperand _shared = shared, _global = global;

    private readonly AddressOperand _barrier = barrier ?? default;

    private readonly bool _isLoad = barrier is not null;

    public override void Run(Warp warp)
    {
        for (var rest = warp.Active; rest != 0;)
            Copy(warp, Lanes.Next(ref rest));
    }

    private void Copy(Warp warp, int lane)
    {
        var runner = warp.Runner;
        var bulk = runner.Async!.Bulk;
        var bytes = ((uint*)(warp.Registers + size))[lane];
        if (bytes == 0 || bytes % BulkCopies.Granule != 0 || bytes > int.MaxValue)
            throw new StepFault(FaultKind.Undefined, $"cp.async.bulk of {bytes} bytes (must be a multiple of 16)", lane);
        // Addresses of one operand at a time: they share their room.
        var granules = Granules(warp, lane, (int)bytes);
        var address = Addresses.Of(warp, _global)[lane];
        var place = runner.ResolveGlobal(_global.Site, address, bytes, BulkCopies.Granule, lane, What, out var allocation);
        runner.Counters?.Contiguous(allocation, address, (int)bytes, isStore: !_isLoad);
        if (_isLoad)
        {
            BlockRunner.CheckWritten(allocation, address, (int)bytes, lane, What);
            var data = new ReadOnlySpan<byte>(place, (int)bytes).ToArray();
            bulk.Load(warp, lane, granules, data, SharedPlaces.Barrier(warp, _barrier, Addresses.Of(warp, _barrier), lane), _shared.Line);
        }
        else
        {
            bulk.ReadForStore(warp, lane, granules, _shared.Line).CopyTo(new Span<byte>(place, (int)bytes));
            allocation.MarkWritten((long)(address - allocation.Start), bytes);
        }
    }

    private uint[] Granules(Warp warp, int lane, int bytes)
    {
        var address = SharedPlaces.Address(_shared, Addresses.Of(warp, _shared), lane);
        warp.Runner.ResolveShared(_shared.Site, address, bytes, BulkCopies.Granule, lane, "cp.async.bulk shared address");
        var granules = new uint[bytes / BulkCopies.Granule];
        for (var i = 0; i < granules.Length; i++)
            granules[i] = (uint)address - SharedLayout.Base + (uint)(i * BulkCopies.Granule);
        return granules;
    }
}
