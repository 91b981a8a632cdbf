namespace VirtualCard.Execution.Steps;

/// <summary>d = f(a), lane by lane: for what is rare or has no vector instruction.</summary>
internal sealed unsafe class LaneStep<TA, TD>(int d, int a, Func<TA, TD> function) : Step
    where TA : unmanaged
    where TD : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((TD*)(r + d))[lane] = function(((TA*)(r + a))[lane]);
        }
    }
}

/// <summary>d = f(a, b)</summary>
internal sealed unsafe class LaneStep<TA, TB, TD>(int d, int a, int b, Func<TA, TB, TD> function) : Step
    where TA : unmanaged
    where TB : unmanaged
    where TD : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((TD*)(r + d))[lane] = function(((TA*)(r + a))[lane], ((TB*)(r + b))[lane]);
        }
    }
}

/// <summary>d = f(a, b, c)</summary>
internal sealed unsafe class LaneStep<TA, TB, TC, TD>(int d, int a, int b, int c, Func<TA, TB, TC, TD> function) : Step
    where TA : unmanaged
    where TB : unmanaged
    where TC : unmanaged
    where TD : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((TD*)(r + d))[lane] = function(((TA*)(r + a))[lane], ((TB*)(r + b))[lane], ((TC*)(r + c))[lane]);
        }
    }
}

/// <summary>d = f(a, b, c, e)</summary>
internal sealed unsafe class LaneStep<TA, TB, TC, TE, TD>(int d, int a, int b, int c, int e, Func<TA, TB, TC, TE, TD> function) : Step
    where TA : unmanaged
    where TB : unmanaged
    where TC : unmanaged
    where TE : unmanaged
    where TD : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            ((TD*)(r + d))[lane] = function(((TA*)(r + a))[lane], ((TB*)(r + b))[lane], ((TC*)(r + c))[lane], ((TE*)(r + e))[lane]);
        }
    }
}

/// <summary>p = f(a), a predicate.</summary>
internal sealed unsafe class TestStep<TA>(int p, int a, Func<TA, bool> function) : Step
    where TA : unmanaged
{
    public override void Run(Warp warp)
    {
        uint bits = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            bits |= function(((TA*)(warp.Registers + a))[lane]) ? 1u << lane : 0;
        }
        warp.WritePredicate(p, bits);
    }
}

/// <summary>p = compare(a, b), for types without vector comparisons.</summary>
internal sealed unsafe class TestStep<TA, TB>(int p, int q, int a, int b, Func<TA, TB, bool> function, PredicateCombination combination, PredicateSlot third) : Step
    where TA : unmanaged
    where TB : unmanaged
{
    public override void Run(Warp warp)
    {
        uint bits = 0;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            bits |= function(((TA*)(warp.Registers + a))[lane], ((TB*)(warp.Registers + b))[lane]) ? 1u << lane : 0;
        }
        Predicates.Write(warp, p, q, bits, combination, third);
    }
}

/// <summary>p = f(a, b), of predicates.</summary>
internal sealed class PredicateStep(int p, PredicateSlot a, PredicateSlot b, Func<uint, uint, uint> function) : Step
{
    public override void Run(Warp warp) => warp.WritePredicate(p, function(warp.Predicate(a), warp.Predicate(b)));
}

/// <summary>Executes a step for the lanes whose guard holds.</summary>
/// <param name="number">Its place among the counts of guarded instructions.</param>
internal sealed class GuardedStep(Step step, PredicateSlot guard, int number) : Step
{
    public override void Run(Warp warp)
    {
        var threads = warp.Active;
        var chosen = threads & warp.Predicate(guard);
        if (chosen == 0)
            return;
        ref var counts = ref warp.Runner.GuardCounts[number];
        counts.Warps++;
        counts.Threads += System.Numerics.BitOperations.PopCount(chosen);
        warp.SetActive(chosen);
        step.Run(warp);
        warp.SetActive(threads);
    }
}

/// <summary>Does nothing.</summary>
internal sealed class NoStep : Step
{
    public static NoStep Instance { get; } = new();

    public override void Run(Warp warp)
    {
    }
}

/// <summary>Executes steps in order: an instruction that takes several.</summary>
internal sealed class SequenceStep(params Step[] steps) : Step
{
    public override void Run(Warp warp)
    {
        foreach (var step in steps)
            step.Run(warp);
    }
}

/// <summary>Reads a register that counts time: no two reads are alike.</summary>
internal sealed unsafe class ClockStep(int d, int size) : Step
{
    private static long _time;

    public override void Run(Warp warp)
    {
        var now = (ulong)Interlocked.Increment(ref _time) * 16;
        for (var rest = warp.Active; rest != 0;)
            LaneBits.Write(warp.Registers + d, Lanes.Next(ref rest), size, now);
    }
}

/// <summary>trap</summary>
internal sealed class TrapStep : Step
{
    public override void Run(Warp warp) => throw new StepFault(FaultKind.Trap, "trap executed", System.Numerics.BitOperations.TrailingZeroCount(warp.Active));
}

/// <summary>Copies parts of a register of 64 or 32 bits out of it, or into it.</summary>
/// <param name="parts">-1 takes nothing.</param>
internal sealed unsafe class PackStep(int whole, int wholeSize, int[] parts, bool isUnpack) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var size = wholeSize / parts.Length;
        for (var rest = warp.Active; rest != 0;)
        {
            var lane = Lanes.Next(ref rest);
            if (isUnpack)
            {
                var bits = LaneBits.Read(r + whole, lane, wholeSize);
                for (var i = 0; i < parts.Length; i++)
                {
                    if (parts[i] >= 0)
                        LaneBits.Write(r + parts[i], lane, size, bits >> 8 * size * i);
                }
            }
            else
            {
                ulong bits = 0;
                for (var i = 0; i < parts.Length; i++)
                    bits |= LaneBits.Read(r + parts[i], lane, size) << 8 * size * i;
                LaneBits.Write(r + whole, lane, wholeSize, bits);
            }
        }
    }
}
