using System.Numerics;

namespace VirtualCard.Execution;

/// <content>The part of a warp that waits.</content>
internal sealed unsafe partial class Warp
{
    /// <summary>Blocks of instructions that a warp runs before others get a turn: they may be who it waits for in a loop.</summary>
    public const int FairLimit = 20_000;

    private readonly Wait[] _waits = new Wait[Lanes.Count];

    private readonly (int Block, uint Threads)[] _parked = new (int, uint)[Lanes.Count];

    private readonly (int Block, uint Threads)[] _sleeping = new (int, uint)[Lanes.Count];

    private int _waitCount, _parkedCount, _sleepingCount;

    private uint _parkedLive, _refused;

    private int _turns;

    /// <summary>Threads that wait at a barrier.</summary>
    public ReadOnlySpan<Wait> Waits => _waits.AsSpan(0, _waitCount);

    /// <summary>Threads that wait for the phase of an mbarrier.</summary>
    public ReadOnlySpan<(int Block, uint Threads)> Sleeping => _sleeping.AsSpan(0, _sleepingCount);

    /// <summary>Threads that wait for other lanes of the warp.</summary>
    public ReadOnlySpan<(int Block, uint Threads)> Parked => _parked.AsSpan(0, _parkedCount);

    /// <summary>The block at whose start it waits for the other warps of its warpgroup; -1: none.</summary>
    public int WarpgroupBlock { get; private set; }

    /// <summary>Lets it go on behind the product of its warpgroup.</summary>
    public void PassWarpgroup()
    {
        Add(WarpgroupBlock * 2 + 1, Lanes.All);
        WarpgroupBlock = -1;
    }

    /// <summary>Lets the threads at a barrier go on.</summary>
    public void Release(int number)
    {
        var kept = 0;
        for (var i = 0; i < _waitCount; i++)
        {
            if (_waits[i].Number == number)
                Add(_waits[i].Block * 2 + 1, _waits[i].Threads);
            else
                _waits[kept++] = _waits[i];
        }
        _waitCount = kept;
    }

    /// <summary>Lets threads that sleep test their mbarrier again; with <paramref name="isLast"/> those whose phase is not complete go on with a no.</summary>
    public bool WakeSleepers(bool isLast)
    {
        var isProgress = false;
        var sleeping = Sleeping.ToArray();
        _sleepingCount = 0;
        foreach (var (block, threads) in sleeping)
        {
            BlockIndex = block;
            StepIndex = -1;
            var awake = Poll(_blocks[block], threads, lands: true, isLast);
            if (awake != 0)
            {
                Add(block * 2 + 1, awake);
                isProgress = true;
            }
        }
        return isProgress;
    }

    private void StartWaiting()
    {
        _waitCount = _parkedCount = _sleepingCount = _turns = 0;
        _refused = 0;
        WarpgroupBlock = -1;
        _parkedLive = Live;
    }

    /// <summary>Now and then the group with the next turn is not the lowest, so that none waits for ever for another of its warp.</summary>
    private bool IsTurnOver()
    {
        if (++_turns % FairLimit != 0)
            return false;
        Runner.CheckSteps(_turns, _blocks[BlockIndex]);
        return true;
    }

    /// <summary>Executes the synchronization of a block; returns the threads that go on.</summary>
    private uint Synchronize(CompiledBlock block, uint threads) => block.Synchronization switch
    {
        SynchronizationKind.Barrier => AtBarrier(block, threads),
        SynchronizationKind.Poll => Poll(block, threads, lands: false, isLast: false),
        _ => Together(block, threads),
    };

    private uint AtBarrier(CompiledBlock block, uint threads)
    {
        var barrier = block.Barrier!;
        if (barrier.IsNothing)
            return threads;
        var numbers = (uint*)(Registers + barrier.Number);
        for (var rest = threads; rest != 0;)
        {
            var number = numbers[BitOperations.TrailingZeroCount(rest)];
            if (number > BlockRunner.ClusterBarrier)
                throw new StepFault(FaultKind.Undefined, $"barrier {number}: there are 16", BitOperations.TrailingZeroCount(rest));
            uint same = 0;
            for (var left = rest; left != 0;)
            {
                var lane = Lanes.Next(ref left);
                same |= numbers[lane] == number ? 1u << lane : 0;
            }
            rest &= ~same;
            if (barrier.IsArrival)
                Runner.Arrive(this, (int)number, same);
            else
                _waits[_waitCount++] = new(block.Index, same, (int)number);
        }
        if (barrier.IsArrival)
            return threads;
        Runner.NoteWait(BitOperations.PopCount(threads));
        return 0;
    }

    /// <summary>Waits until all lanes that the instruction needs are here.</summary>
    private uint Together(CompiledBlock block, uint threads)
    {
        for (var i = 0; i < _parkedCount; i++)
        {
            if (_parked[i].Block == block.Index)
            {
                threads |= _parked[i].Threads;
                _parked[i] = _parked[--_parkedCount];
                break;
            }
        }
        uint blocked = 0;
        if (block.Members < 0)
        {
            if (Live != Lanes.All)
                throw new StepFault(FaultKind.Undefined, $"{block.Source.Synchronization!.Name}.sync.aligned in a warp with exited or missing lanes", BitOperations.TrailingZeroCount(threads));
            blocked = threads == Live ? 0 : threads;
        }
        else
        {
            var members = (uint*)(Registers + block.Members);
            var missing = Live & ~threads;
            for (var rest = threads; rest != 0;)
            {
                var lane = Lanes.Next(ref rest);
                if ((members[lane] >> lane & 1) == 0)
                    throw new StepFault(FaultKind.Undefined, "executing thread is not in its member mask", lane);
                if ((members[lane] & missing) != 0)
                    blocked |= 1u << lane;
            }
        }
        if (blocked != 0)
            Park(block.Index, blocked);
        threads &= ~blocked;
        if (threads != 0 && block.NeedsWarpgroup)
        {
            WarpgroupBlock = block.Index;
            return 0;
        }
        if (threads != 0 && block.WarpStep is { } step)
        {
            SetActive(threads);
            step.Run(this);
        }
        return threads;
    }

    private void Park(int block, uint threads)
    {
        _parked[_parkedCount++] = (block, threads);
        _parkedLive = Live;
    }

    /// <summary>When threads have ended, who waited for them looks again.</summary>
    private bool Unpark()
    {
        if (_parkedCount == 0 || _parkedLive == Live)
            return false;
        _parkedLive = Live;
        for (var i = 0; i < _parkedCount; i++)
            Add(_parked[i].Block * 2, _parked[i].Threads);
        _parkedCount = 0;
        return true;
    }

    private uint Poll(CompiledBlock block, uint threads, bool lands, bool isLast)
    {
        var poll = block.Poll!;
        SetActive(threads);
        var ready = poll.Test(this, threads, lands);
        var sleepers = isLast ? 0 : threads & ~ready & _refused;
        _refused = (_refused & ~ready) | (threads & ~ready);
        if (sleepers != 0)
            _sleeping[_sleepingCount++] = (block.Index, sleepers);
        threads &= ~sleepers;
        SetActive(threads);
        WritePredicate(poll.Result, ready);
        return threads;
    }

    /// <summary>Threads at a barrier.</summary>
    public readonly record struct Wait(int Block, uint Threads, int Number);
}
