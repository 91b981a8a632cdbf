using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Graphs;

/// <summary>A graph of operations.</summary>
internal sealed class Graph() : DriverObject(null)
{
    private readonly List<GraphNode> _nodes = [];

    public IReadOnlyList<GraphNode> Nodes => _nodes;

    public override string Kind => "graph";

    public GraphNode Add(Operation operation, IEnumerable<GraphNode> before)
    {
        GraphNode node = new(operation, [.. before.Distinct()], _nodes.Count);
        _nodes.Add(node);
        return node;
    }

    protected override void OnDestroy()
    {
        foreach (var node in _nodes)
            node.Destroy();
    }
}
