using System.Runtime.InteropServices;
using VirtualCard.Execution;
using VirtualCard.Memory;

namespace VirtualCard.Driver.Scheduling;

/// <summary>A launch of a kernel.</summary>
internal sealed class LaunchOperation(DriverFunction function, Dim3 grid, Dim3 block, int dynamicShared, byte[] parameters) : Operation
{
    private const int MaxReportedRaces = 4;

    // What its parameters seem to point to, to find out what a graph uses when it is launched again.
    private Allocation[]? _used;

    public DriverFunction Function => function;

    public override void Execute(Work work)
    {
        var options = Machine.Options;
        var scheduler = Machine.Scheduler;
        var statistics = function.Kernel.Launch(new()
        {
            Grid = grid,
            Block = block,
            DynamicSharedBytes = dynamicShared,
            Parameters = parameters,
            MayUse = work.Context.MayUse,
            ChecksRaces = options.ChecksRaces,
            CountsAccesses = options.CountsAccesses,
            Seed = options.ShufflesKernels ? scheduler.Random(int.MaxValue) : null,
            MaxSteps = options.MaxSteps,
            MaxWorkers = options.Workers,
        });
        if (options.CountsAccesses)
            Machine.LaunchCounts.Add(statistics);
        foreach (var race in statistics.Races.Take(MaxReportedRaces))
            Machine.Reports.Add(work.Call, $"{work}: {race} ({statistics.RaceCount} such accesses in all)");
        foreach (var read in statistics.UninitializedShared.Take(MaxReportedRaces))
            Machine.Reports.Add(work.Call, $"{work}: shared memory was read that nobody has written: {read}");
    }

    public override bool MayUseHost(ulong start, ulong end)
    {
        foreach (var word in Words())
        {
            if (word >= start && word < end)
                return true;
        }
        // A pointer may lie before the range and still reach into it.
        foreach (var word in Words())
        {
            if (Machine.Memory.Find(word) is { Kind: AllocationKind.Host } allocation && allocation.Start < end && start < allocation.End)
                return true;
        }
        return false;
    }

    public override bool CanBecome(Operation other) => other is LaunchOperation launch && launch.Function.Context == function.Context;

    /// <summary>Remembers what the parameters point to.</summary>
    public void Remember()
    {
        List<Allocation> used = [];
        foreach (var word in Words())
        {
            if (Machine.Memory.Find(word) is { } allocation)
                used.Add(allocation);
        }
        _used = [.. used];
    }

    public override string? FindGone()
    {
        if (function.IsDestroyed)
            return $"{function} was unloaded";
        foreach (var allocation in _used ?? [])
        {
            if (allocation.IsFreed)
                return $"{allocation.Name}, which a parameter points to, was freed";
        }
        return null;
    }

    public override string ToString() => $"{function}, grid {grid}, block {block}";

    private ReadOnlySpan<ulong> Words() => MemoryMarshal.Cast<byte, ulong>(parameters);
}
