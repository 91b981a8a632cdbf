namespace GpuOptim.Distributed.Sharding;

/// <summary>
/// Shares out matrices, each whole to one rank: the most expensive first, to the rank that has least to do, as long as no rank gets much more than its share of
/// the state. Matrices of equal shape travel together.
/// </summary>
/// <param name="ranks">How many ranks there are.</param>
/// <param name="bucketBytes">About how long a bucket is.</param>
internal sealed class MatrixPlan(int ranks, long bucketBytes)
{
    /// <summary>How much more state than its share a rank may get so that work is even.</summary>
    private const double Slack = 1.02;

    private readonly double[] _work = new double[ranks];
    private readonly long[] _bytes = new long[ranks];
    private long _largest;

    /// <summary>The buckets of some matrices: the pieces of each, by rank.</summary>
    /// <param name="blocks">The matrices, in order.</param>
    /// <param name="stateSize">Bytes of state that an element of a tensor has.</param>
    public List<List<Piece>> Plan(IReadOnlyList<(WholeTensor Tensor, long Start, int Rows, int Columns)> blocks, Func<WholeTensor, int> stateSize)
    {
        var owners = new int[blocks.Count];
        long[] bytes = [.. blocks.Select(block => (long)block.Rows * block.Columns * stateSize(block.Tensor))];
        _largest = Math.Max(_largest, bytes.Max());
        var most = Slack * (_bytes.Sum() + bytes.Sum(each => (double)each)) / ranks + _largest;
        foreach (var i in Enumerable.Range(0, blocks.Count).OrderByDescending(i => Work(blocks[i].Rows, blocks[i].Columns)).ThenByDescending(i => bytes[i]))
        {
            var rank = Enumerable.Range(0, ranks).Where(each => _bytes[each] + bytes[i] <= most).MinBy(each => (_work[each], _bytes[each]));
            owners[i] = rank;
            _work[rank] += Work(blocks[i].Rows, blocks[i].Columns);
            _bytes[rank] += bytes[i];
        }

        var buckets = new List<List<Piece>>();
        foreach (var alike in Enumerable.Range(0, blocks.Count).GroupBy(i => (blocks[i].Tensor.Group, blocks[i].Tensor.Parameter.ElementType, blocks[i].Rows, blocks[i].Columns, IsSliced: blocks[i].Tensor.Slices is not null)))
        {
            // Of each rank as many, so that all are at work on every bucket.
            var matrixBytes = (long)alike.Key.Rows * alike.Key.Columns * alike.Key.ElementType.Size();
            var each = (int)Math.Clamp(bucketBytes / (matrixBytes * ranks), 1, int.MaxValue);
            int[][] byOwner = [.. Enumerable.Range(0, ranks).Select(rank => alike.Where(i => owners[i] == rank).ToArray())];
            for (var first = 0; byOwner.Any(own => own.Length > first); first += each)
            {
                buckets.Add([.. byOwner.SelectMany((own, rank) => own.Skip(first).Take(each).Select(i => new Piece(blocks[i].Tensor, blocks[i].Start, blocks[i].Rows, blocks[i].Columns, rank)))]);
            }
        }
        return buckets;
    }

    /// <summary>Multiply-adds of a Newton-Schulz step, about.</summary>
    private static double Work(double rows, double columns)
    {
        var (order, depth) = (Math.Min(rows, columns), Math.Max(rows, columns));
        return order * order * (1.5 * depth + 0.5 * order);
    }
}
