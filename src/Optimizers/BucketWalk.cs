namespace GpuOptim.Optimizers;

/// <summary>Tells who wants to know when the update of a bucket begins and ends, table by table.</summary>
/// <param name="observer">Who; null for nobody.</param>
internal struct BucketWalk(IBucketObserver? observer)
{
    private int? _bucket;

    /// <summary>The next table is of a bucket.</summary>
    public void Enter(int bucket)
    {
        if (observer is null || _bucket == bucket)
            return;
        Leave();
        _bucket = bucket;
        observer.BeforeUpdate(bucket);
    }

    /// <summary>There are no more tables of the last bucket.</summary>
    public void Leave()
    {
        if (_bucket is { } bucket)
            observer!.AfterUpdate(bucket);
        _bucket = null;
    }
}
