using System.Numerics;

namespace VirtualCard.Execution;

/// <content>Barriers of the block: bar.sync, bar.arrive, bar.red.</content>
internal sealed unsafe partial class BlockRunner
{
    /// <summary>The number of the barrier of a cluster, behind those with numbers.</summary>
    public const int ClusterBarrier = 16;

    private readonly int[] _arrivals = new int[ClusterBarrier + 1];

    private readonly uint[,] _arrivedLanes;

    private int _waiting;

    public void NoteWait(int threads) => _waiting += threads;

    /// <summary>Threads that arrive at a barrier and go on.</summary>
    public void Arrive(Warp warp, int number, uint threads)
    {
        _arrivals[number] += BitOperations.PopCount(threads);
        _arrivedLanes[number, warp.Index] |= threads;
    }

    private void StartBarriers()
    {
        Array.Clear(_arrivals);
        Array.Clear(_arrivedLanes);
        _waiting = 0;
    }

    /// <summary>Opens the barriers at which all have arrived; returns the warps that go on.</summary>
    private ulong ReleaseBarriers()
    {
        ulong ready = 0;
        if (_waiting == 0)
            return ready;
        for (var number = 0; number <= ClusterBarrier; number++)
        {
            var waiting = 0;
            var expected = _live;
            var isPartial = false;
            foreach (var warp in _warps)
            {
                foreach (var wait in warp.Waits)
                {
                    if (wait.Number != number)
                        continue;
                    waiting += BitOperations.PopCount(wait.Threads);
                    if (Program.Blocks[wait.Block].Barrier!.ThreadCount is >= 0 and var place)
                    {
                        expected = ((int*)(warp.Registers + place))[BitOperations.TrailingZeroCount(wait.Threads)];
                        isPartial = true;
                    }
                }
            }
            if (waiting == 0 || waiting + _arrivals[number] < expected)
                continue;
            CheckAligned(number);
            Reduce(number);
            var isWhole = waiting == _live;
            NoteBarrier();
            if (!isPartial || isWhole)
                Races?.Barrier();
            else
                Races?.PartialBarrier(Members(number));
            foreach (var warp in _warps)
            {
                foreach (var wait in warp.Waits)
                {
                    if (wait.Number == number)
                        ready |= 1ul << warp.Index;
                }
                warp.Release(number);
                _arrivedLanes[number, warp.Index] = 0;
            }
            _waiting -= waiting;
            _arrivals[number] = 0;
            Statistics.Barriers++;
        }
        return ready;
    }

    /// <summary>The warps of which threads wait or have arrived at a barrier.</summary>
    private uint Members(int number)
    {
        uint members = 0;
        foreach (var warp in _warps)
        {
            members |= _arrivedLanes[number, warp.Index] != 0 ? 1u << warp.Index : 0;
            foreach (var wait in warp.Waits)
                members |= wait.Number == number ? 1u << warp.Index : 0;
        }
        return members;
    }

    private void CheckAligned(int number)
    {
        foreach (var warp in _warps)
        {
            foreach (var wait in warp.Waits)
            {
                if (wait.Number != number || wait.Threads == warp.Live || !Program.Blocks[wait.Block].Barrier!.IsAligned)
                    continue;
                throw Locate(
                    new(FaultKind.Undefined, "bar.sync executed by a diverged warp (some lanes are elsewhere)", BitOperations.TrailingZeroCount(wait.Threads)),
                    warp, Program.Blocks[wait.Block].Source.Synchronization!);
            }
        }
    }

    /// <summary>Gives all threads at a barrier what it makes of their predicates.</summary>
    private void Reduce(int number)
    {
        int yes = 0, all = 0;
        var reduces = false;
        foreach (var warp in _warps)
        {
            foreach (var wait in warp.Waits)
            {
                var barrier = Program.Blocks[wait.Block].Barrier!;
                if (wait.Number != number || barrier.Reduction == BarrierReduction.None)
                    continue;
                reduces = true;
                yes += BitOperations.PopCount(warp.Predicate(barrier.Predicate) & wait.Threads);
                all += BitOperations.PopCount(wait.Threads);
            }
        }
        if (!reduces)
            return;
        foreach (var warp in _warps)
        {
            foreach (var wait in warp.Waits)
            {
                var barrier = Program.Blocks[wait.Block].Barrier!;
                if (wait.Number != number || barrier.Reduction == BarrierReduction.None)
                    continue;
                warp.SetActive(wait.Threads);
                switch (barrier.Reduction)
                {
                    case BarrierReduction.Count:
                        for (var rest = wait.Threads; rest != 0;)
                            ((int*)(warp.Registers + barrier.Result))[Lanes.Next(ref rest)] = yes;
                        break;
                    case BarrierReduction.And:
                        warp.WritePredicate(barrier.Result, yes == all ? Lanes.All : 0);
                        break;
                    default:
                        warp.WritePredicate(barrier.Result, yes > 0 ? Lanes.All : 0);
                        break;
                }
            }
        }
    }
}
