namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>
/// A step as graphs of CUDA's. What it sends, a graph reads when it runs, from memory that it alone has; so there are as many graphs as steps are under way
/// at once, and one more for each is captured when the host first gets so far ahead.
/// </summary>
internal sealed class StepGraphs(IlgpuQueue queue) : IDisposable
{
    /// <summary>Graphs of steps that send as much.</summary>
    private readonly List<(int Length, Rotation<StepGraph> Graphs)> _rotations = [];
    private readonly List<StepGraph> _outdated = [];

    /// <summary>Launches the step.</summary>
    /// <param name="block">What it sends.</param>
    /// <param name="commands">What it launches; as in the step before.</param>
    /// <param name="reporting">Who wants to know the check; null for nobody.</param>
    /// <returns>Whether it did: not if the host is further ahead than there may be graphs.</returns>
    public bool TryLaunch(StepBlock block, ReadOnlySpan<StepCommand> commands, IlgpuGradientNorm? reporting)
    {
        DisposeOutdated();
        var sent = block.Sent;
        var graphs = Of(sent.Length);
        var graph = graphs.Next;
        if (graph is { IsFree: true })
        {
            graphs.Advance();
        }
        else
        {
            if (graphs.IsFull)
                return false;
            graph = Capture(sent.Length, block, commands, reporting);
            graphs.Add(graph);
        }
        sent.CopyTo(graph.Sent.Span);
        queue.Launch(graph.Graph, sent.Length, graph.Report?.Memory.Length ?? 0);
        graph.Fence.Record();
        if (graph.Report is { } report)
            reporting!.Expect(report);
        return true;
    }

    /// <summary>Forgets all: the next step is another.</summary>
    public void Clear()
    {
        foreach (var (_, graphs) in _rotations)
            _outdated.AddRange(graphs.All);
        _rotations.Clear();
        DisposeOutdated();
    }

    public void Dispose()
    {
        foreach (var graph in _rotations.SelectMany(each => each.Graphs.All).Concat(_outdated))
        {
            graph.Fence.Wait();
            graph.Dispose();
        }
        _rotations.Clear();
        _outdated.Clear();
    }

    private Rotation<StepGraph> Of(int length)
    {
        foreach (var (each, graphs) in _rotations)
        {
            if (each == length)
                return graphs;
        }
        _rotations.Add((length, new(IlgpuUploadRing.Length)));
        return _rotations[^1].Graphs;
    }

    private StepGraph Capture(int length, StepBlock block, ReadOnlySpan<StepCommand> commands, IlgpuGradientNorm? reporting)
    {
        var sent = new HostMemory(queue.Accelerator, length);
        var report = reporting?.CreateReport();
        var copied = commands.ToArray();
        var graph = queue.Capture(() =>
        {
            queue.CopyToDevice(sent, block.Memory.SubView(0, length));
            foreach (var command in copied)
                command.Run(queue);
            if (report is not null)
                reporting!.Download(report);
        });
        return new(graph, sent, report, report?.Fence ?? queue.CreateFence());
    }

    /// <summary>Disposes of outdated graphs that are done.</summary>
    private void DisposeOutdated()
    {
        for (var i = _outdated.Count - 1; i >= 0; i--)
        {
            if (!_outdated[i].IsFree)
                continue;
            _outdated[i].Dispose();
            _outdated.RemoveAt(i);
        }
    }
}
