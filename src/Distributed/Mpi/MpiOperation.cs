using System.Diagnostics;
using System.Globalization;
using GpuOptim.Host;

namespace GpuOptim.Distributed.Mpi;

/// <summary>A collective operation of MPI's, under way or done.</summary>
/// <param name="communicator">Whose it is.</param>
/// <param name="name">What people call it.</param>
/// <param name="number">The how manieth of the communicator, from 1.</param>
/// <param name="bytes">How much memory it is about.</param>
internal sealed unsafe class MpiOperation(MpiCommunicator communicator, string name, long number, long bytes) : MpiWork
{
    private readonly object _gate = new();
    private readonly List<nint> _requests = [];
    private readonly Queue<Action> _next = [];
    private readonly List<(nint, long)> _memory = [];
    private int _tested;
    private bool _isDone;
    private CommunicationException? _failure;

    /// <summary>Makes MPI's calls that begin it, and adds the requests to it.</summary>
    public Action<MpiOperation>? Post { get; init; }

    /// <summary>Memory of the host's in place of the device's.</summary>
    public HostBlock? Stage { get; set; }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"Rank {communicator.Rank} of {communicator.Size}: {name} number {number} ({bytes:#,0} bytes)");

    public override void Execute() => Post?.Invoke(this);

    /// <summary>Tells its messages from those of other operations: this and the next number are its own. All implementations have 2¹⁵ tags.</summary>
    public int Tag => (int)(2 * number % (1 << 15));

    /// <summary>Ints that stay where they are until the operation is done.</summary>
    public int* Ints(int length) => (int*)Bytes(length * (long)sizeof(int));

    /// <summary>Memory that stays until the operation is done.</summary>
    public nint Bytes(long length)
    {
        var memory = communicator.Scratch.Take(length);
        _memory.Add(memory);
        return memory.Address;
    }

    /// <summary>Does something once all that was begun so far is done, and may begin more.</summary>
    public void Then(Action next) => _next.Enqueue(next);

    /// <summary>Adds what MPI must be asked about.</summary>
    public void Add(nint request) => _requests.Add(request);

    /// <summary>Whether MPI says that all of it is done.</summary>
    public bool Test()
    {
        do
        {
            if (!TestRequests())
                return false;
            if (!_next.TryDequeue(out var next))
                return true;
            next();
        }
        while (true);
    }

    private bool TestRequests()
    {
        var library = communicator.Runtime.Library;
        for (; _tested < _requests.Count; _tested++)
        {
            var request = _requests[_tested];
            var flag = 0;
            library.Check(library.Test(&request, &flag, library.Abi.StatusIgnore), "MPI_Test");
            if (flag == 0)
                return false;
        }
        return true;
    }

    /// <summary>It is done.</summary>
    public void Complete()
    {
        _memory.ForEach(communicator.Scratch.Give);
        End(null);
    }

    /// <inheritdoc/>
    /// <remarks>Its memory is never given back: MPI may still use it.</remarks>
    public override void Fail(CommunicationException failure) => End(failure);

    /// <summary>Waits until it is done.</summary>
    /// <exception cref="CommunicationException">It failed, or was not done in time.</exception>
    public void Wait(TimeSpan timeout)
    {
        // Most are done, or nearly.
        for (var i = 0; i < 20 && !Volatile.Read(ref _isDone); i++)
            Thread.Yield();
        var began = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (!_isDone && timeout - Stopwatch.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
                Monitor.Wait(_gate, left);
            if (_isDone)
            {
                if (_failure is not null)
                    throw communicator.Runtime.Again();
                return;
            }
        }
        throw communicator.Runtime.Fail(new(string.Create(CultureInfo.InvariantCulture,
            $"{this} did not end within {Stopwatch.GetElapsedTime(began).TotalSeconds:0.#} s. Another rank is gone, hangs, or began another operation. Look at what the others say; if one just takes that long, raise MpiOptions.Timeout.")));
    }

    private void End(CommunicationException? failure)
    {
        lock (_gate)
        {
            if (_isDone)
                return;
            _failure = failure;
            Volatile.Write(ref _isDone, true);
            Monitor.PulseAll(_gate);
        }
    }
}
