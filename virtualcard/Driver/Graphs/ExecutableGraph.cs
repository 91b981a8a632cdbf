using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Graphs;

/// <summary>A graph that can be launched: the nodes as they were when it was instantiated.</summary>
internal sealed class ExecutableGraph : DriverObject
{
    private GraphNode[] _nodes;
    private Work? _last;

    /// <exception cref="DriverException">A node uses what is gone.</exception>
    public ExecutableGraph(CardContext context, Graph graph)
        : base(context)
    {
        _nodes = [.. graph.Nodes];
        CheckAlive();
    }

    public override string Kind => "executable graph";

    public IReadOnlyList<GraphNode> Nodes => _nodes;

    /// <summary>The first node that the other graph would change in a way that an update may not.</summary>
    public (GraphNode? Mine, GraphNode? Other, bool IsTopology) FindConflict(Graph graph)
    {
        if (graph.Nodes.Count != _nodes.Length)
            return (null, graph.Nodes.Count > 0 ? graph.Nodes[^1] : null, true);
        foreach (var (mine, other) in _nodes.Zip(graph.Nodes))
        {
            if (!mine.Before.Select(node => node.Index).SequenceEqual(other.Before.Select(node => node.Index)))
                return (mine, other, true);
            if (!mine.Operation.CanBecome(other.Operation))
                return (mine, other, false);
        }
        return default;
    }

    public void Update(Graph graph) => _nodes = [.. graph.Nodes];

    /// <summary>Queues all nodes behind the stream's work, and behind the last launch of the graph.</summary>
    /// <exception cref="DriverException">A node uses what is gone.</exception>
    public void Launch(CardStream stream)
    {
        CheckAlive();
        Work start = new(new EmptyOperation($"start of {this}"), stream);
        foreach (var before in stream.Before())
            start.WaitFor(before);
        start.WaitFor(_last);
        Machine.Scheduler.Add(start);
        Work end = new(new EmptyOperation($"end of {this}"), stream);
        var works = new Work[_nodes.Length];
        foreach (var node in _nodes)
        {
            Work work = new(node.Operation, stream);
            foreach (var before in node.Before)
                work.WaitFor(works[before.Index]);
            work.WaitFor(start);
            works[node.Index] = work;
            Machine.Scheduler.Add(work);
            end.WaitFor(work);
        }
        end.WaitFor(start);
        Machine.Scheduler.Add(end);
        _last = stream.Tail = end;
    }

    private void CheckAlive()
    {
        foreach (var node in _nodes)
        {
            if (node.Operation.FindGone() is { } gone)
                throw new DriverException(Result.InvalidValue, $"{node} of {this}: {gone}");
        }
    }
}
