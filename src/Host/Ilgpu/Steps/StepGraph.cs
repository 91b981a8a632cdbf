namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>A step as a graph, with memory of its own for what it sends and, where a check is reported, for what it brings back.</summary>
/// <param name="Graph">The graph.</param>
/// <param name="Sent">What the graph sends: it is read when the graph runs.</param>
/// <param name="Report">Where the graph brings the check; null if none is asked for.</param>
/// <param name="Fence">Where in the stream the last launch is; the report's, if there is one.</param>
internal sealed record StepGraph(CudaGraph Graph, HostMemory Sent, GradientReport? Report, IlgpuFence Fence) : IDisposable
{
    /// <summary>Whether it may be launched again: the last launch is done, and what it brought back was read.</summary>
    public bool IsFree => Report is not { IsInFlight: true } && Fence.IsPassed;

    public void Dispose()
    {
        Graph.Dispose();
        Sent.Dispose();
        if (Report is null)
            Fence.Dispose();
        else
            Report.Dispose();
    }
}
