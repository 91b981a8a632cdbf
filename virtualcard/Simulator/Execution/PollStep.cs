namespace VirtualCard.Execution;

/// <summary>Tests whether the phase of an mbarrier is complete.</summary>
/// <param name="result">Where the answer goes, a predicate.</param>
internal abstract class PollStep(int result)
{
    public int Result => result;

    /// <summary>The threads whose phase is complete.</summary>
    /// <param name="lands">Whether what is in flight lands before: all threads of the block wait.</param>
    public abstract uint Test(Warp warp, uint threads, bool lands);

    /// <summary>What they wait for, for a report.</summary>
    public abstract string Describe(Warp warp, uint threads);
}
