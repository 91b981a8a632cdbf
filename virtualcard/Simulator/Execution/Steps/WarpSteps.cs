using System.Numerics;

namespace VirtualCard.Execution.Steps;

/// <summary>How shfl finds the lane to read from.</summary>
internal enum ShuffleMode
{
    Up,
    Down,
    Butterfly,
    Index,
}

/// <summary>shfl.sync</summary>
/// <param name="p">Where it says whether the lane exists; -1 for nowhere.</param>
internal sealed unsafe class ShuffleStep(int d, int p, int a, int b, int c, ShuffleMode mode) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var values = stackalloc uint[Lanes.Count];
        uint found = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var (by, clamp) = ((int)(((uint*)(r + b))[lane] & 31), ((uint*)(r + c))[lane]);
            var (limit, segment) = ((int)(clamp & 31), (int)(clamp >> 8 & 31));
            var lowest = lane & segment;
            var highest = lowest | (limit & ~segment & 31);
            var (source, exists) = mode switch
            {
                ShuffleMode.Up => (lane - by, lane - by >= highest),
                ShuffleMode.Down => (lane + by, lane + by <= highest),
                ShuffleMode.Butterfly => (lane ^ by, (lane ^ by) <= highest),
                _ => (lowest | (by & ~segment & 31), (lowest | (by & ~segment & 31)) <= highest),
            };
            source = exists ? source : lane;
            found |= exists ? 1u << lane : 0;
            // What a lane reads of one that does not take part is undefined.
            values[lane] = (warp.Active >> source & 1) != 0 ? ((uint*)(r + a))[source] : Memory.AddressSpace.Poison * 0x10001u;
        }
        if (d >= 0)
        {
            for (var rest = warp.Active; rest != 0;)
            {
                var lane = Lanes.Next(ref rest);
                ((uint*)(r + d))[lane] = values[lane];
            }
        }
        if (p >= 0)
            warp.WritePredicate(p, found);
    }
}

/// <summary>The modes of vote.</summary>
internal enum VoteMode
{
    All,
    Any,
    Uniform,
    Ballot,
}

/// <summary>vote, and the lanes that are active.</summary>
/// <param name="members">Where the member mask lies; -1: all that are active.</param>
internal sealed unsafe class VoteStep(int d, PredicateSlot predicate, int members, VoteMode mode) : Step
{
    public override void Run(Warp warp)
    {
        var yes = warp.Predicate(predicate) & warp.Active;
        uint result = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var seen = members < 0 ? warp.Active : warp.Active & ((uint*)(warp.Registers + members))[lane];
            var holds = mode switch
            {
                VoteMode.All => (yes & seen) == seen,
                VoteMode.Any => (yes & seen) != 0,
                _ => (yes & seen) == seen || (yes & seen) == 0,
            };
            if (mode == VoteMode.Ballot)
                ((uint*)(warp.Registers + d))[lane] = yes & seen;
            else
                result |= holds ? 1u << lane : 0;
        }
        if (mode != VoteMode.Ballot)
            warp.WritePredicate(d, result);
    }
}

/// <summary>match.sync</summary>
internal sealed unsafe class MatchStep(int d, int p, int a, int size, int members, bool isAll) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var results = stackalloc uint[Lanes.Count];
        uint all = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var seen = warp.Active & ((uint*)(r + members))[lane];
            var mine = LaneBits.Read(r + a, lane, size);
            uint same = 0;
            for (var others = seen; others != 0;)
            {
                var other = Lanes.Next(ref others);
                same |= LaneBits.Read(r + a, other, size) == mine ? 1u << other : 0;
            }
            all |= same == seen ? 1u << lane : 0;
            results[lane] = isAll && same != seen ? 0 : same;
        }
        for (var rest = warp.Active; rest != 0 && d >= 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((uint*)(r + d))[lane] = results[lane];
        }
        if (p >= 0)
            warp.WritePredicate(p, all);
    }
}

/// <summary>redux.sync</summary>
internal sealed unsafe class ReduceStep(int d, int a, int members, Func<uint, uint, uint> function) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var results = stackalloc uint[Lanes.Count];
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var others = warp.Active & ((uint*)(r + members))[lane];
            var result = ((uint*)(r + a))[Lanes.Next(ref others)];
            while (others != 0)
                result = function(result, ((uint*)(r + a))[Lanes.Next(ref others)]);
            results[lane] = result;
        }
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((uint*)(r + d))[lane] = results[lane];
        }
    }
}

/// <summary>elect.sync: the lowest of the members.</summary>
internal sealed unsafe class ElectStep(int d, int p, int members) : Step
{
    public override void Run(Warp warp)
    {
        uint leaders = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            var leader = BitOperations.TrailingZeroCount(warp.Active & ((uint*)(warp.Registers + members))[lane]);
            leaders |= leader == lane ? 1u << lane : 0;
            if (d >= 0)
                ((uint*)(warp.Registers + d))[lane] = (uint)leader;
        }
        if (p >= 0)
            warp.WritePredicate(p, leaders);
    }
}

/// <summary>activemask</summary>
internal sealed unsafe class ActiveMaskStep(int d) : Step
{
    public override void Run(Warp warp)
    {
        for (var rest = warp.Active; rest != 0;)
            ((uint*)(warp.Registers + d))[Lanes.Next(ref rest)] = warp.Active;
    }
}
