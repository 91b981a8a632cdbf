namespace GpuOptim.Benchmarks.Distributed.Model;

/// <summary>
/// What a sharded step should take, in seconds: an estimate by start-up times, bytes and operations, of float32 parameters and gradients, clipped by a norm.
/// Nothing overlaps with the backward pass.
/// </summary>
/// <param name="cluster">What it runs on.</param>
/// <param name="model">What it trains.</param>
/// <param name="ranks">How many ranks share it.</param>
/// <param name="isMuon">Whether Muon trains the hidden matrices; else AdamW all.</param>
/// <param name="sumsInRankOrder">Whether gradients are added up in the order of ranks, all to all; else by a reduce-scatter.</param>
/// <param name="bucketBytes">Bytes of parameters in a bucket.</param>
internal sealed class StepModel(Cluster cluster, Transformer model, int ranks, bool isMuon, bool sumsInRankOrder, double bucketBytes)
{
    /// <summary>Bytes of a parameter, a gradient and a state; of a direction; of what a chunk of 4096 numbers gives to a norm.</summary>
    private const double Number = 4, Direction = 2, Norm = 8, Chunk = 4096;

    /// <summary>Numbers that AdamW trains.</summary>
    private double Elementwise => isMuon ? model.Others : model.Parameters;

    private double Matrices => isMuon ? model.Hidden : 0;

    /// <summary>Bytes that a rank sends, on average, but for norms and agreement: (N - 1) / N of gradients, and of what comes back.</summary>
    public double BytesSent => (ranks - 1.0) / ranks * (model.Parameters * Number + Elementwise * Number + Matrices * Direction);

    /// <summary>Bytes that parameters, gradients, state and buckets take on the busiest rank; parameters change atomically.</summary>
    public double MemoryBytes
    {
        get
        {
            var state = Elementwise * 2 * Number / ranks + (isMuon ? model.Busiest(ranks).Elements * Number : 0);
            // Parameters, gradients, and a place for each bucket; gradients of what it owns.
            return model.Parameters * 3 * Number + model.Parameters * Number / ranks + state + ReceivedBytes;
        }
    }

    /// <summary>Memory for what all ranks send of two buckets: of Muon's, each sends at least one matrix whole.</summary>
    public double ReceivedBytes
    {
        get
        {
            if (!sumsInRankOrder || ranks == 1)
                return 0;
            var largest = isMuon ? model.Matrices.Max(each => each.Shape.Rows * (double)each.Shape.Columns) : 0;
            return 2 * Math.Max(Math.Min(bucketBytes, Elementwise * Number), ranks * largest * Number);
        }
    }

    /// <summary>All buckets: those of AdamW, cut anywhere; and of Muon, for each shape at least one matrix of each rank.</summary>
    public int Buckets
    {
        get
        {
            var buckets = Math.Max(1, Math.Ceiling(Elementwise * Number / bucketBytes));
            foreach (var (shape, count) in isMuon ? model.Matrices : [])
            {
                var each = Math.Max(1, Math.Floor(bucketBytes / (shape.Rows * (double)shape.Columns * Number * ranks)));
                buckets += Math.Ceiling(Math.Ceiling(count / (double)ranks) / each);
            }
            return (int)buckets;
        }
    }

    /// <summary>Gradients to their owners: on the wires, and in the memory of each, where all are packed and added up.</summary>
    public double Reduce
    {
        get
        {
            var bytes = model.Parameters * Number / Buckets;
            var wires = Buckets * (sumsInRankOrder ? cluster.AllToAll(ranks, bytes) : cluster.Ring(ranks, bytes));
            // Read and written to be packed; what came is read, added to a sum that is read, and written.
            // Each rank's part of each bucket is added by a launch of its own.
            var memory = cluster.Move(model.Parameters * Number * (2 + (sumsInRankOrder ? 3 : 0))) + (sumsInRankOrder ? Buckets * ranks * cluster.Launch : 0);
            return Together(wires, memory);
        }
    }

    /// <summary>What a norm takes: a reading pass of the own gradients, and an all-reduce.</summary>
    public double Clip => cluster.Move(model.Parameters * Number / ranks) + cluster.AllReduce(ranks, Math.Ceiling(model.Parameters / Chunk) * Norm);

    /// <summary>The own share's update: AdamW's 28 bytes a number and a copy of 8; Muon's momentum and Newton-Schulz.</summary>
    public double Update
    {
        get
        {
            var (operations, elements) = isMuon ? model.Busiest(ranks) : (0, 0);
            return cluster.Move(Elementwise / ranks * (7 + 2) * Number) + cluster.Move(elements * (3 * Number + Direction)) + operations / cluster.Operations;
        }
    }

    /// <summary>What was made, to all.</summary>
    public double Return => Buckets * cluster.Ring(ranks, (Elementwise * Number + Matrices * Direction) / Buckets);

    /// <summary>Parameters take what was made: a copy, or a step along a direction.</summary>
    public double Apply => cluster.Move(Elementwise * 2 * Number + Matrices * (2 * Number + Direction));

    /// <summary>All of it. What is made returns while the next is made.</summary>
    public double Seconds => cluster.Tell(ranks) + Reduce + Clip + Together(Update, Return) + Apply;

    /// <summary>A step of as many ranks that share nothing out: an all-reduce of all gradients, and everybody updates everything.</summary>
    public double Unshared
    {
        get
        {
            var orthogonalizing = isMuon ? model.Busiest(1).Operations / cluster.Operations : 0;
            return cluster.AllReduce(ranks, model.Parameters * Number) + cluster.Move(model.Parameters * Number)
                + cluster.Move(Elementwise * 7 * Number + Matrices * (5 * Number + 2 * Direction)) + orthogonalizing;
        }
    }

    /// <summary>What of it wires take only to start.</summary>
    public double LatencySeconds => Buckets * ((sumsInRankOrder ? cluster.AllToAll(ranks, 0) : cluster.Ring(ranks, 0)) + cluster.Ring(ranks, 0));

    /// <summary>Bucket by bucket, two things at once: the longer of both, and of the other what one bucket takes, which nothing hides.</summary>
    private double Together(double one, double other) => Math.Max(one, other) + Math.Min(one, other) / Buckets;
}
