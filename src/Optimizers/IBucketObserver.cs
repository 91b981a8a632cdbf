namespace GpuOptim.Optimizers;

/// <summary>Wants to know when a step updates which of its buckets: parameters that travel together.</summary>
internal interface IBucketObserver
{
    /// <summary>The parameters of a bucket are about to be updated.</summary>
    void BeforeUpdate(int bucket);

    /// <summary>The device was asked for all updates of a bucket.</summary>
    void AfterUpdate(int bucket);
}
