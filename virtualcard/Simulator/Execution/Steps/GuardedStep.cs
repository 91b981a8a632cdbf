namespace VirtualCard.Execution.Steps;

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
