using VirtualCard.Execution.Async;

namespace VirtualCard.Execution;

/// <content>What a block knows of copies and products in flight.</content>
internal sealed unsafe partial class BlockRunner
{
    // Rounds in which all tests of mbarriers gave up, one after the other.
    private int _timeouts;

    /// <summary>What works beside the threads; null for kernels that use none of it.</summary>
    public AsyncUnits? Async { get; private set; }

    /// <summary>Threads that wait may have got what they wait for.</summary>
    public void NoteProgress() => _timeouts = 0;

    private void BeginAsync()
    {
        if (Program.UsesAsync)
            Async ??= new(this);
        Async?.Begin();
    }

    private void StartAsync()
    {
        _timeouts = 0;
        foreach (var warp in _warps)
            warp.StartCopies();
        Async?.Start();
    }

    private void EndAsync()
    {
        foreach (var warp in _warps)
        {
            if (warp.HasCopies)
                Statistics.AddWarning($"cp.async still in flight at kernel exit (block {Position})");
        }
        Async?.End();
    }

    /// <summary>A barrier opens for the threads that wait at it.</summary>
    private void NoteBarrier()
    {
        NoteProgress();
        Async?.Proxy.Barrier();
    }

    /// <summary>Issues the products whose four warps have all come; returns the warps that go on.</summary>
    private ulong ReleaseWarpgroups()
    {
        ulong ready = 0;
        for (var group = 0; group * ProductShape.Warps < _warps.Length && Program.Tracked.Count > 0; group++)
            ready |= ReleaseWarpgroup(group);
        return ready;
    }

    private ulong ReleaseWarpgroup(int number)
    {
        var first = number * ProductShape.Warps;
        var group = _warps.AsSpan(first, Math.Min(ProductShape.Warps, _warps.Length - first));
        var (here, whole, block) = (0, 0, -1);
        foreach (var warp in group)
        {
            whole += warp.Live == Lanes.All ? 1 : 0;
            if (warp.WarpgroupBlock < 0)
                continue;
            block = block < 0 ? warp.WarpgroupBlock : block;
            here += warp.WarpgroupBlock == block ? 1 : 0;
        }
        if (here == 0)
            return 0;
        try
        {
            if (whole < ProductShape.Warps)
                throw new StepFault(FaultKind.Undefined, "wgmma needs a whole warpgroup: 128 threads of 4 aligned warps", 0);
            if (here < ProductShape.Warps)
                return 0;
            Program.Blocks[block].WarpStep!.Run(group[0]);
        }
        catch (StepFault fault)
        {
            throw Locate(fault, group[0], Program.Blocks[block].Source.Synchronization);
        }
        foreach (var warp in group)
            warp.PassWarpgroup();
        NoteProgress();
        return ((1ul << ProductShape.Warps) - 1) << first;
    }

    private void DisposeAsync() => Async?.Dispose();
}
