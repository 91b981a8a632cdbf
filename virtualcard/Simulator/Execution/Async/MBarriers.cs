namespace VirtualCard.Execution.Async;

/// <summary>
/// The mbarriers of a block. Data of a bulk copy, and arrivals by cp.async.mbarrier.arrive, land when a thread has looked at the mbarrier in vain,
/// looks again, and nobody else can run: so a missing wait shows, and one whose answer is ignored.
/// </summary>
internal sealed class MBarriers(AsyncUnits units)
{
    private const long MaxCount = (1 << 20) - 1;

    private readonly Dictionary<uint, MBarrier> _barriers = [];

    private readonly List<BulkLoad> _loads = [];

    private readonly List<Signal> _signals = [];

    public bool HasLoads => _loads.Count > 0;

    /// <summary>A block starts.</summary>
    public void Start()
    {
        _barriers.Clear();
        _loads.Clear();
        _signals.Clear();
    }

    public void Initialize(Warp warp, int lane, uint offset, long count)
    {
        var thread = warp.Index * Lanes.Count + lane;
        if (_barriers.ContainsKey(offset))
            throw AsyncUnits.Hazard(warp, thread, "mbarrier.init of an mbarrier that is in use (no mbarrier.inval)");
        if (count is < 1 or > MaxCount)
            throw AsyncUnits.Hazard(warp, thread, $"mbarrier.init with count {count}");
        _barriers[offset] = new(offset, count, thread, units.Proxy.Clock);
    }

    public void Invalidate(Warp warp, int lane, uint offset)
    {
        var barrier = Find(warp, lane, offset);
        if (_loads.Exists(load => load.Barrier == barrier))
            throw AsyncUnits.Hazard(warp, warp.Index * Lanes.Count + lane, "mbarrier.inval while a bulk copy that signals it is in flight");
        _barriers.Remove(offset);
    }

    public MBarrier Find(Warp warp, int lane, uint offset)
    {
        var thread = warp.Index * Lanes.Count + lane;
        if (!_barriers.TryGetValue(offset, out var barrier))
            throw AsyncUnits.Hazard(warp, thread, "no mbarrier here (not initialized)");
        if (barrier.Thread / Lanes.Count != warp.Index && !units.Proxy.HasBarrierSince(barrier.Born))
            throw AsyncUnits.Hazard(warp, thread, "mbarrier used by another warp than the one that initialized it, with no barrier since");
        return barrier;
    }

    /// <summary>Returns the number of the phase, which is the state to wait for.</summary>
    public long Arrive(Warp warp, int lane, uint offset, long count, bool isDrop)
    {
        var barrier = Find(warp, lane, offset);
        var phase = barrier.Phase;
        if (count > barrier.Pending)
        {
            throw AsyncUnits.Hazard(warp, warp.Index * Lanes.Count + lane,
                $"mbarrier.arrive: {count} arrivals, but only {barrier.Pending} are pending in this phase");
        }
        barrier.Pending -= count;
        barrier.Count -= isDrop ? count : 0;
        barrier.Arrived |= 1u << warp.Index;
        Settle(barrier);
        return phase;
    }

    /// <summary>Expects more bytes, or fewer.</summary>
    public void AddBytes(Warp warp, int lane, uint offset, long bytes)
    {
        var barrier = Find(warp, lane, offset);
        barrier.Bytes += bytes;
        Settle(barrier);
    }

    /// <summary>The cp.async that a thread has issued are to arrive at an mbarrier when they have landed.</summary>
    /// <param name="isCounted">Whether the mbarrier expects that arrival already.</param>
    public void ArriveBehindCopies(Warp warp, int lane, uint offset, bool isCounted)
    {
        var barrier = Find(warp, lane, offset);
        if (!isCounted)
            barrier.Pending++;
        _signals.Add(new(barrier, warp, lane, warp.CopyNumber));
    }

    /// <summary>A bulk copy to shared memory is in flight.</summary>
    public void Add(BulkLoad load) => _loads.Add(load);

    /// <summary>The number of the phase that is under way.</summary>
    /// <param name="lands">Whether what is in flight lands before.</param>
    public long Phase(Warp warp, int lane, uint offset, bool lands)
    {
        var barrier = Find(warp, lane, offset);
        if (lands)
            Land(barrier);
        return barrier.Phase;
    }

    /// <summary>What an mbarrier waits for.</summary>
    public string Describe(uint offset) => _barriers.TryGetValue(offset, out var barrier) ? barrier.ToString() : "no mbarrier";

    private void Land(MBarrier barrier)
    {
        for (var i = 0; i < _signals.Count;)
        {
            var signal = _signals[i];
            if (signal.Barrier != barrier)
            {
                i++;
                continue;
            }
            _signals.RemoveAt(i);
            signal.Warp.LandCopies(signal.Lane, signal.CopyNumber);
            Arrive(signal.Warp, signal.Lane, barrier.Offset, 1, isDrop: false);
        }
        for (var i = 0; i < _loads.Count;)
        {
            var load = _loads[i];
            if (load.Barrier != barrier)
            {
                i++;
                continue;
            }
            _loads.RemoveAt(i);
            units.Bulk.Land(load);
            barrier.Bytes -= load.Data.Length;
            Settle(barrier);
        }
    }

    /// <summary>Completes the phase if nothing is missing. It orders what the warps that arrived did before.</summary>
    private void Settle(MBarrier barrier)
    {
        if (barrier.Pending != 0 || barrier.Bytes != 0)
            return;
        barrier.Phase++;
        barrier.Pending = barrier.Count;
        units.Proxy.Barrier();
        units.Runner.NoteProgress();
        if (units.Runner.Races is { } races && barrier.Arrived != 0)
            races.PartialBarrier(barrier.Arrived);
        barrier.Arrived = 0;
    }

    /// <summary>An arrival behind the cp.async of a thread.</summary>
    /// <param name="CopyNumber">Of the first that does not count.</param>
    private readonly record struct Signal(MBarrier Barrier, Warp Warp, int Lane, long CopyNumber);
}
