namespace VirtualCard.Execution;

/// <summary>
/// The blocks that one thread of the host has begun. One runs to its end before the next begins, but for those that seem to wait for others, at a
/// barrier of the grid, say: they take turns, as far as a card would hold as many.
/// </summary>
/// <param name="create">Makes room for one more.</param>
internal sealed class ResidentBlocks(Func<BlockRunner> create)
{
    private const int MaxCount = 1024;

    private readonly Stack<BlockRunner> _free = [];

    private readonly Queue<BlockRunner> _waiting = [];

    private readonly List<BlockRunner> _runners = [];

    public IReadOnlyList<BlockRunner> Runners => _runners;

    /// <param name="next">The number of the next block to begin; -1 if there is none.</param>
    /// <param name="isStopped">Whether to leave it at that.</param>
    public void Run(Func<long> next, Func<bool> isStopped)
    {
        var isLast = false;
        long turns = 0;
        while (!isStopped())
        {
            BlockRunner? runner = null;
            if (!isLast && _waiting.Count < MaxCount && next() is var index)
            {
                isLast = index < 0;
                if (!isLast)
                {
                    runner = Take();
                    runner.Start(index);
                }
            }
            if (runner is null && !_waiting.TryDequeue(out runner))
                return;
            if (runner.Run())
            {
                _free.Push(runner);
                turns = 0;
                continue;
            }
            _waiting.Enqueue(runner);
            runner.CheckTurns(++turns);
        }
    }

    private BlockRunner Take()
    {
        if (_free.TryPop(out var runner))
            return runner;
        runner = create();
        _runners.Add(runner);
        return runner;
    }
}
