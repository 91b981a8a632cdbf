namespace VirtualCard.Execution.Async;

/// <summary>fence.proxy.async</summary>
internal sealed class ProxyFenceStep : Step
{
    public override void Run(Warp warp) => warp.Runner.Async?.Proxy.Fence(warp);
}
