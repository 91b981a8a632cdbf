using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Graphs;

/// <summary>A node of a graph.</summary>
internal sealed class GraphNode(Operation operation, GraphNode[] before, int index) : DriverObject(null)
{
    public Operation Operation => operation;

    /// <summary>The nodes that it depends on.</summary>
    public GraphNode[] Before => before;

    /// <summary>Its place in the graph; what it depends on comes before.</summary>
    public int Index => index;

    public override string Kind => "graph node";

    public override string ToString() => $"node {index} ({operation})";
}
