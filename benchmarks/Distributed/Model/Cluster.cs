namespace GpuOptim.Benchmarks.Distributed.Model;

/// <summary>
/// Cards in nodes: what a message takes to start, and what wires and memory carry. Times are seconds, bytes go one way.
/// </summary>
internal sealed record Cluster
{
    /// <summary>Eight H100 SXM to a node, each with a network port of its own.</summary>
    public static Cluster H100 { get; } = new();

    /// <summary>Cards in a node.</summary>
    public int Cards { get; init; } = 8;

    /// <summary>Bytes a second that a card sends within a node: NVLink's 900 GB/s are both ways together.</summary>
    public double NodeBandwidth { get; init; } = 450e9;

    /// <summary>Bytes a second that a card sends through its port: 400 Gbit/s.</summary>
    public double PortBandwidth { get; init; } = 50e9;

    /// <summary>Bytes a second of a card's memory.</summary>
    public double Memory { get; init; } = 3350e9;

    /// <summary>What is reached of wires: a usual figure, not one of ours.</summary>
    public double WireShare { get; init; } = 0.8;

    /// <summary>What is reached of memory: that of a copy on an H200, in docs/results/h200.md.</summary>
    public double MemoryShare { get; init; } = 0.87;

    /// <summary>Dense operations a second of Newton-Schulz on large matrices: on an H200, whose arithmetic is the H100's, in docs/results/h200.md.</summary>
    public double Operations { get; init; } = 600e12;

    /// <summary>What a launch takes the host: a step of SGD on an H200, in docs/results/h200.md.</summary>
    public double Launch { get; init; } = 10e-6;

    /// <summary>A collective's start; from one card to the next; from one node to the next: NCCL's own tuning constants for rings and its protocol Simple, src/graph/tuning.cc.</summary>
    public (double Start, double Card, double Node) Latency { get; init; } = (8.4e-6, 3.4e-6, 14e-6);

    /// <summary>The same for its protocol LL, which takes small messages.</summary>
    public (double Start, double Card, double Node) SmallLatency { get; init; } = (6.6e-6, 0.6e-6, 2.7e-6);

    /// <summary>How long memory takes to move some bytes.</summary>
    public double Move(double bytes) => bytes / (Memory * MemoryShare);

    /// <summary>An all-gather or a reduce-scatter of so many bytes in all, on rings: from card to card, and through one port of each node after the other.</summary>
    public double Ring(int ranks, double bytes) =>
        ranks == 1 ? 0 : RingLatency(ranks, Latency) + bytes * (ranks - 1) / ranks / (RingBandwidth(ranks) * WireShare);

    /// <summary>An all-to-all of so many bytes a rank, one message after the other. What is for other nodes all goes through the card's own port.</summary>
    public double AllToAll(int ranks, double bytes)
    {
        if (ranks == 1)
            return 0;
        var near = Math.Min(ranks, Cards);
        return AllToAllLatency(ranks) + Math.Max(bytes * (near - 1) / ranks / (NodeBandwidth * WireShare), bytes * (ranks - near) / ranks / (PortBandwidth * WireShare));
    }

    /// <summary>What an all-to-all takes beside its bytes.</summary>
    public double AllToAllLatency(int ranks)
    {
        var near = Math.Min(ranks, Cards);
        return Latency.Start + (near - 1) * Latency.Card + (ranks - near) * Latency.Node;
    }

    /// <summary>An all-reduce of so many bytes: a reduce-scatter and an all-gather.</summary>
    public double AllReduce(int ranks, double bytes) => 2 * Ring(ranks, bytes);

    /// <summary>A few bytes of each rank to all.</summary>
    public double Tell(int ranks) => ranks == 1 ? 0 : RingLatency(ranks, SmallLatency);

    /// <summary>Eight rings use all of a node's ports: a byte enters each node once.</summary>
    private double RingBandwidth(int ranks) => ranks <= Cards ? NodeBandwidth : Math.Min(NodeBandwidth, Cards * PortBandwidth);

    private double RingLatency(int ranks, (double Start, double Card, double Node) latency)
    {
        var nodes = (ranks + Cards - 1) / Cards;
        return latency.Start + (nodes == 1 ? (ranks - 1) * latency.Card : (ranks - nodes) * latency.Card + nodes * latency.Node);
    }
}
