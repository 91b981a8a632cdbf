namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>How far the way of many bytes is, told to whoever wants to know; it ends here if it is cancelled.</summary>
/// <param name="progress">Is told which part is done, from 0 to 1.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class Transfer(IProgress<double>? progress = null, CancellationToken cancellationToken = default)
{
    private static long _transfers;

    private long _done;
    private bool _isCommitted;

    /// <summary>Which of all transfers it is: of two to one file, that which was asked for later is the newer one.</summary>
    public long Order { get; } = Interlocked.Increment(ref _transfers);

    /// <summary>How many bytes there are.</summary>
    public long Total { get; init; }

    /// <summary>Bytes were moved.</summary>
    /// <exception cref="OperationCanceledException">No more shall be.</exception>
    public void Advance(long bytes)
    {
        ThrowIfCancelled();
        _done += bytes;
        try
        {
            // What is converted to two tensors is read for each of them.
            progress?.Report(Math.Min(1, (double)_done / Total));
        }
        catch (Exception) when (_isCommitted)
        {
            // What was begun is completed, whatever becomes of those who look on.
        }
    }

    /// <summary>From here on it is completed: half of it would be worse than none.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before.</exception>
    public void Commit()
    {
        ThrowIfCancelled();
        _isCommitted = true;
    }

    /// <summary>Tells the end, where there was nothing to move.</summary>
    public void Complete()
    {
        if (Total == 0)
            progress?.Report(1);
    }

    /// <summary>Tells the end, where less was moved than there was to.</summary>
    public void End()
    {
        if (_done < Total)
            Advance(Total - _done);
        Complete();
    }

    private void ThrowIfCancelled()
    {
        if (!_isCommitted)
            cancellationToken.ThrowIfCancellationRequested();
    }
}
