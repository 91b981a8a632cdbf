namespace GpuOptim.Distributed.Mpi;

/// <summary>Calls of MPI's that somebody waits for.</summary>
/// <param name="work">The calls.</param>
internal sealed class MpiCall(Action work) : MpiWork
{
    private readonly object _gate = new();
    private bool _isDone;
    private Exception? _exception;

    public override void Execute()
    {
        Exception? exception = null;
        try
        {
            work();
        }
        catch (Exception caught)
        {
            exception = caught;
        }
        End(exception);
    }

    public override void Fail(CommunicationException failure) => End(failure);

    /// <summary>Waits until the calls have returned.</summary>
    /// <param name="timeout">For how long.</param>
    /// <param name="exception">What they threw.</param>
    /// <returns>Whether they have.</returns>
    public bool Wait(TimeSpan timeout, out Exception? exception)
    {
        lock (_gate)
        {
            // Pulses come once; what is done before is seen at once.
            if (!_isDone)
                Monitor.Wait(_gate, timeout);
            exception = _exception;
            return _isDone;
        }
    }

    private void End(Exception? exception)
    {
        lock (_gate)
        {
            if (_isDone)
                return;
            _isDone = true;
            _exception = exception;
            Monitor.PulseAll(_gate);
        }
    }
}
