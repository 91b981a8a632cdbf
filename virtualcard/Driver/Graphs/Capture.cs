using VirtualCard.Driver.Scheduling;

namespace VirtualCard.Driver.Graphs;

/// <summary>A capture of streams into a graph.</summary>
internal sealed class Capture(CardStream origin, CaptureMode mode, long id)
{
    private readonly HashSet<CardStream> _streams = [];

    public CardStream Origin => origin;

    public CaptureMode Mode => mode;

    public long Id => id;

    public int Thread { get; } = Environment.CurrentManagedThreadId;

    public Graph Graph { get; } = new();

    public bool IsInvalid { get; private set; }

    public void Invalidate() => IsInvalid = true;

    /// <summary>Makes a stream capture.</summary>
    public void Join(CardStream stream)
    {
        stream.Capture = this;
        stream.CapturedTail.Clear();
        _streams.Add(stream);
    }

    /// <exception cref="DriverException">A call before was wrong.</exception>
    public void CheckValid()
    {
        if (IsInvalid)
            throw new DriverException(Result.StreamCaptureInvalidated, null);
    }

    public GraphNode Add(CardStream stream, Operation operation)
    {
        CheckValid();
        if (operation is LaunchOperation launch)
            launch.Remember();
        var node = Graph.Add(operation, stream.CapturedTail);
        stream.CapturedTail.Clear();
        stream.CapturedTail.Add(node);
        return node;
    }

    /// <summary>Lets all streams go.</summary>
    public void Leave()
    {
        foreach (var stream in _streams)
        {
            stream.Capture = null;
            stream.CapturedTail.Clear();
        }
        Machine.Captures.Remove(this);
    }

    /// <summary>A node that the origin does not wait for, or null.</summary>
    public GraphNode? FindUnjoined()
    {
        HashSet<GraphNode> joined = [];
        Stack<GraphNode> open = new(origin.CapturedTail);
        while (open.TryPop(out var node))
        {
            if (!joined.Add(node))
                continue;
            foreach (var before in node.Before)
                open.Push(before);
        }
        return Graph.Nodes.FirstOrDefault(node => !joined.Contains(node));
    }
}
