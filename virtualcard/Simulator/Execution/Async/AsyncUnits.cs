namespace VirtualCard.Execution.Async;

/// <summary>What works beside the threads of a block: mbarriers, bulk copies, the products of warpgroups. Only where a kernel uses them.</summary>
internal sealed class AsyncUnits : IDisposable
{
    public AsyncUnits(BlockRunner runner)
    {
        Runner = runner;
        Proxy = new(runner);
        Barriers = new(this);
        Bulk = new(this);
        Products = new(this);
    }

    public BlockRunner Runner { get; }

    public ProxyTracker Proxy { get; }

    public MBarriers Barriers { get; }

    public BulkCopies Bulk { get; }

    public WarpgroupProducts Products { get; }

    /// <summary>A fault that the hardware would not show.</summary>
    /// <param name="thread">The thread at fault, by number.</param>
    public static StepFault Hazard(Warp warp, int thread, string message) => new(FaultKind.Undefined, message, thread - warp.Index * Lanes.Count);

    /// <summary>A launch starts.</summary>
    public void Begin() => Proxy.Begin();

    /// <summary>A block starts.</summary>
    public void Start()
    {
        Proxy.Start();
        Barriers.Start();
        Bulk.Start();
        Products.Start();
    }

    /// <summary>A block has ended.</summary>
    public void End()
    {
        if (Products.IsInFlight)
            Warn("wgmma");
        if (Barriers.HasLoads || Bulk.HasStores)
            Warn("cp.async.bulk");

        void Warn(string what) => Runner.Statistics.AddWarning($"{what} still in flight at kernel exit (block {Runner.Position})");
    }

    public void Dispose()
    {
        Proxy.Dispose();
        Products.Dispose();
    }
}
