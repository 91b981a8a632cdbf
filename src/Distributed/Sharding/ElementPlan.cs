using GpuOptim.Kernels.Norms;

namespace GpuOptim.Distributed.Sharding;

/// <summary>
/// Shares out tensors that are updated element by element: laid one behind the other into buckets, each bucket cut into a share for each rank. Cuts are where
/// chunks of norms end, so that each chunk is accumulated by one rank, and norms are the same bits for any number of ranks.
/// </summary>
/// <param name="ranks">How many ranks there are.</param>
/// <param name="bucketBytes">About how long a bucket is.</param>
internal sealed class ElementPlan(int ranks, long bucketBytes)
{
    private const int Quantum = NormOrder.ChunkLength;

    private readonly double[] _loads = new double[ranks];

    /// <summary>The buckets of some tensors of one type: the pieces of each, by rank.</summary>
    public IEnumerable<List<Piece>> Plan(IEnumerable<WholeTensor> tensors, int elementSize)
    {
        var capacity = Math.Max(1, bucketBytes / elementSize);
        // Whole chunks for each rank: shares of one length are what communicators like best.
        if (capacity > Quantum)
            capacity = Math.Max(1, capacity / ((long)Quantum * ranks)) * Quantum * ranks;
        List<(WholeTensor Tensor, long Start, long Length)> ranges = [];
        var length = 0L;
        foreach (var tensor in tensors)
        {
            for (var start = 0L; start < tensor.Length;)
            {
                var taken = Math.Min(tensor.Length - start, capacity - length);
                if (start + taken < tensor.Length)
                    taken = (start + taken) / Quantum * Quantum - start;
                if (taken <= 0 && length == 0)
                    taken = Math.Min(Quantum, tensor.Length - start);
                if (taken > 0)
                {
                    ranges.Add((tensor, start, taken));
                    length += taken;
                    start += taken;
                }
                if (length >= capacity || start < tensor.Length)
                {
                    yield return Share(ranges, length);
                    (ranges, length) = ([], 0);
                }
            }
        }
        if (length > 0)
            yield return Share(ranges, length);
    }

    /// <summary>Cuts a bucket: whoever has least takes first, as much as makes all equal, to the nearest chunk.</summary>
    private List<Piece> Share(List<(WholeTensor Tensor, long Start, long Length)> ranges, long length)
    {
        int[] order = [.. Enumerable.Range(0, ranks).OrderBy(rank => _loads[rank])];
        var pieces = new List<Piece>();
        var (range, offset) = (0, 0L);
        for (var i = 0; i < ranks && range < ranges.Count; i++)
        {
            var rank = order[i];
            var level = (length + order.Skip(i).Sum(each => _loads[each])) / (ranks - i);
            var wanted = i == ranks - 1 ? length : Math.Min(length, (long)Math.Max(0, level - _loads[rank]));
            while (wanted > 0 && range < ranges.Count)
            {
                var (tensor, first, all) = ranges[range];
                var (start, left) = (first + offset, all - offset);
                var taken = left;
                if (wanted < left)
                    taken = Math.Clamp((start + wanted + Quantum / 2) / Quantum * Quantum - start, 0, left);
                if (taken > 0)
                    pieces.Add(new(tensor, start, taken, 1, rank));
                _loads[rank] += taken;
                length -= taken;
                offset += taken;
                if (offset == all)
                    (range, offset) = (range + 1, 0);
                if (wanted <= left)
                    break;
                wanted -= taken;
            }
        }
        return [.. pieces.OrderBy(piece => piece.Owner)];
    }
}
