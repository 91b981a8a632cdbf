namespace GpuOptim.Distributed.Mpi;

/// <content>The end: of the last communicator, and of the process.</content>
internal sealed unsafe partial class MpiRuntime
{
    private static readonly TimeSpan _exitTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _messagePause = TimeSpan.FromMilliseconds(200);

    /// <summary>A communicator goes; with the last one MPI is finalized, if it was initialized here. After a failure nothing is asked of MPI.</summary>
    public void Leave(nint communicator, TimeSpan timeout)
    {
        lock (_processGate)
        {
            _users--;
            if (Failure is not null)
                return;
            try
            {
                Call(() => Free(communicator), "MPI_Comm_free", timeout);
                if (_users == 0 && _isOurs)
                    Call(End, "MPI_Finalize", timeout);
            }
            catch (CommunicationException)
            {
                // Dispose does not throw; the process says so when it ends.
            }
        }
    }

    private void Free(nint communicator) => Library.Check(Library.CommFree(&communicator), "MPI_Comm_free");

    private void End()
    {
        Library.Check(Library.Finalize(), "MPI_Finalize");
        _isFinalized = true;
    }

    /// <summary>The process ends: nobody may wait for it in vain.</summary>
    private void OnExit()
    {
        if (_isFinalized || !_initialized)
            return;
        if (Failure is null && _isOurs)
        {
            // Nobody disposed of the communicators. If all ranks did so, and wait for nothing, all is well.
            lock (_gate)
            {
                if (_active.Count + _queue.Count > 0)
                    _failure = new("the process ended while operations were under way.");
            }
            try
            {
                Call(End, "MPI_Finalize at the end of the process", _exitTimeout);
                return;
            }
            catch (CommunicationException)
            {
            }
        }
        if (Failure is { } failure)
            Abort(failure);
    }

    /// <summary>Has the launcher end all ranks.</summary>
    private void Abort(CommunicationException failure)
    {
        Console.Error.WriteLine($"GpuOptim: this process ends after its communication failed, and has MPI end the other ranks. The failure was: {failure.Message}");
        // It goes by way of the launcher, which may lose what it has not read when all ranks end.
        Thread.Sleep(_messagePause);
        var call = new MpiCall(() =>
        {
            var flag = 0;
            if (Library.Finalized(&flag) == 0 && flag == 0)
                _ = Library.Abort(Library.Abi.CommWorld, 1);
        });
        lock (_gate)
        {
            _queue.Enqueue(call);
            Monitor.PulseAll(_gate);
        }
        // A thread that MPI does not return cannot abort; a process that is aborted by a signal is noticed, too.
        if (!call.Wait(_exitTimeout, out _))
            Environment.FailFast("GpuOptim: MPI does not return from a call. " + failure.Message);
    }
}
