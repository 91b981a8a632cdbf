namespace VirtualCard.Execution.Async;

/// <summary>A bulk copy to shared memory in flight.</summary>
/// <param name="barrier">The mbarrier that it signals.</param>
/// <param name="data">What it read when it was issued.</param>
internal sealed class BulkLoad(MBarrier barrier, byte[] data, Hold hold)
{
    public MBarrier Barrier => barrier;

    public byte[] Data => data;

    public Hold Hold => hold;
}
