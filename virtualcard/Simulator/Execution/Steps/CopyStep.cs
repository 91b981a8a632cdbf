using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using VirtualCard.Memory;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Steps;

/// <summary>
/// cp.async of 4, 8 or 16 bytes a lane. The data is taken now and lands when the lane waits for it; till then the destination holds poison, so that a
/// missing wait shows.
/// </summary>
/// <param name="count">Where the number of bytes to read lies, the others are zero; -1: all.</param>
internal sealed unsafe class CopyStep(AddressOperand destination, AddressOperand source, int size, int count, PredicateSlot? ignore) : Step
{
    private readonly AddressOperand _destination = destination, _source = source;

    public override void Run(Warp warp)
    {
        var runner = warp.Runner;
        var targets = stackalloc ulong[Lanes.Count];
        new Span<ulong>(Addresses.Of(warp, _destination), Lanes.Count).CopyTo(new(targets, Lanes.Count));
        if (_destination.Space == StateSpace.Generic)
        {
            for (var lane = 0; lane < Lanes.Count; lane++)
                targets[lane] -= Windows.Shared;
        }
        var addresses = Addresses.Of(warp, _source);
        uint reading = 0;
        for (var left = warp.Active; left != 0;)
        {
            var lanes = warp.SameGroup(left);
            left &= ~lanes;
            var copy = warp.AddCopy(lanes, size, _destination.Line);
            for (var rest = lanes; rest != 0;)
            {
                var lane = Lanes.Next(ref rest);
                var place = runner.ResolveShared(_destination.Site, targets[lane], size, size, lane, "cp.async destination");
                var offset = (uint)targets[lane] - SharedLayout.Base;
                copy.Offsets[lane] = offset;
                var take = count < 0 ? size : (int)Math.Min(((uint*)(warp.Registers + count))[lane], (uint)size);
                if (ignore is { } slot && (warp.Predicate(slot) >> lane & 1) != 0)
                    take = 0;
                fixed (byte* data = &copy.Data[lane * PendingCopy.MaxSize])
                    reading |= Fetch(runner, lane, addresses[lane], take, data) ? 1u << lane : 0;
                runner.NoteCopy(warp, lane, offset, size, _destination.Line);
                MemoryMarshal.Cast<byte, ushort>(new Span<byte>(place, size)).Fill(AddressSpace.Poison);
            }
        }
        if (runner.Counters is { } counters)
        {
            counters.Shared(targets, warp.Active, size, isStore: true);
            if (reading != 0)
                counters.Scattered(addresses, reading, size, isStore: false);
        }
    }

    /// <summary>Takes a lane's data, and zeros behind it; false where nothing is read.</summary>
    private bool Fetch(BlockRunner runner, int lane, ulong address, int take, byte* data)
    {
        if (take < size)
            new Span<byte>(data, size).Clear();
        if (take == 0)
            return false;
        var from = runner.ResolveGlobal(_source.Site, address, take, size, lane, "cp.async source", out var allocation);
        BlockRunner.CheckWritten(allocation, address, take, lane, "cp.async source");
        if (take == PendingCopy.MaxSize)
            Vector128.Load(from).Store(data);
        else
            new ReadOnlySpan<byte>(from, take).CopyTo(new(data, take));
        runner.Counters?.Mark(allocation, address, take, isStore: false);
        runner.Statistics.CpAsyncBytes += take;
        return true;
    }
}
