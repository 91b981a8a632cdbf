namespace VirtualCard.Execution;

/// <summary>An order of the blocks of a grid, drawn from a seed: a walk with a stride that has no divisor in common with their number.</summary>
internal readonly struct GridOrder
{
    private readonly long _count, _start, _stride;

    public GridOrder(long count, int seed)
    {
        var random = new Random(seed);
        _count = count;
        _start = random.NextInt64(count);
        do
        {
            _stride = random.NextInt64(1, count + 1);
        }
        while (CommonDivisor(_stride, count) != 1);
    }

    public long this[long index] => (long)((Int128)index * _stride % _count + _start) % _count;

    private static long CommonDivisor(long a, long b)
    {
        while (b != 0)
            (a, b) = (b, a % b);
        return a;
    }
}
