using System.Diagnostics;

namespace GpuOptim.Distributed.Mpi;

/// <summary>The process's MPI: one thread makes all its calls, whatever the number of communicators, and drives what is under way.</summary>
/// <remarks>Once anything failed, MPI is in a state that nobody knows: all that was begun fails, and nothing is asked of it any more but to abort.</remarks>
internal sealed unsafe partial class MpiRuntime
{
    private const int ThreadSerialized = 2;

    private static readonly Lock _processGate = new();
    private static MpiRuntime? _current;

    private readonly object _gate = new();
    private readonly Queue<MpiWork> _queue = new();
    private readonly Queue<MpiOperation> _active = new();
    private readonly MpiLauncher _launcher;
    private readonly string _libraryName;
    private CommunicationException? _failure;
    private bool _isBusy;
    private bool _initialized;
    private bool _isOurs;
    private bool _isFinalized;
    private int _users;

    private MpiRuntime(nint library, string libraryName, MpiLauncher launcher)
    {
        Library = new(library);
        (_libraryName, _launcher) = (libraryName, launcher);
        new Thread(Run) { IsBackground = true, Name = "GpuOptim MPI" }.Start();
    }

    public MpiLibrary Library { get; }

    /// <summary>What MPI is called, with its version.</summary>
    public string Implementation { get; private set; } = "";

    /// <summary>Why nothing works any more; null if all is well.</summary>
    public CommunicationException? Failure
    {
        get
        {
            lock (_gate)
                return _failure;
        }
    }

    /// <summary>The process's MPI, initialized if it was not; whoever enters leaves.</summary>
    public static MpiRuntime Enter(TimeSpan timeout)
    {
        if (!Environment.Is64BitProcess)
            throw new CommunicationException("MPI is used from 64-bit processes only. This one has 32.");
        lock (_processGate)
        {
            if (_current is null)
            {
                using var signals = new FaultSignals();
                var launcher = MpiLauncher.Current;
                var (library, name) = MpiFinder.Load(launcher);
                _current = new(library, name, launcher);
                _current.Call(_current.Initialize, "MPI_Init_thread", timeout);
                AppDomain.CurrentDomain.ProcessExit += (_, _) => _current.OnExit();
            }
            if (_current.Failure is not null)
                throw _current.Again();
            if (_current._isFinalized)
                throw new CommunicationException("MPI was finalized when the last communicator of the process was disposed of, and cannot be initialized again. Keep one until the end.");
            _current._users++;
            return _current;
        }
    }

    /// <summary>Has the thread make calls, and waits for them.</summary>
    /// <exception cref="CommunicationException">They failed, or did not return in time.</exception>
    public void Call(Action work, string what, TimeSpan timeout)
    {
        var call = new MpiCall(work);
        Enqueue(call);
        if (!call.Wait(timeout, out var exception))
        {
            throw Fail(new(
                $"{what} did not return within {timeout.TotalSeconds:0.#} s. All ranks must call it: another is gone, hangs, or never came. Look at what the others say, or raise MpiOptions.Timeout."));
        }
        if (exception is not null)
            throw Fail(exception as CommunicationException ?? new($"{what} failed: {exception.Message}", exception));
    }

    /// <summary>Has the thread begin an operation.</summary>
    public void Begin(MpiOperation operation) => Enqueue(operation);

    /// <summary>Nothing works from here on. The first cause stays.</summary>
    /// <returns>What to throw.</returns>
    public CommunicationException Fail(CommunicationException failure)
    {
        MpiWork[] victims;
        lock (_gate)
        {
            if (_failure is not null)
                return failure == _failure || failure.InnerException == _failure ? failure : Again();
            _failure = failure;
            victims = [.. _active, .. _queue];
            _active.Clear();
            _queue.Clear();
        }
        foreach (var victim in victims)
            victim.Fail(failure);
        return failure;
    }

    /// <summary>What to throw where something failed before.</summary>
    public CommunicationException Again() => new($"The communication of this rank failed before: {Failure!.Message}", Failure);

    /// <summary>Waits, not for long, until the thread is in no call of MPI's, so that memory may go.</summary>
    public void AwaitPause()
    {
        var began = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _isBusy) && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(1))
            Thread.Sleep(1);
    }

    private void Enqueue(MpiWork work)
    {
        lock (_gate)
        {
            if (_failure is not null)
                throw Again();
            _queue.Enqueue(work);
            Monitor.PulseAll(_gate);
        }
    }

    private void Initialize()
    {
        int flag = 0, level = 0;
        Library.Check(Library.Initialized(&flag), "MPI_Initialized");
        _isOurs = flag == 0;
        if (_isOurs)
        {
            Library.Check(Library.InitThread(null, null, ThreadSerialized, &level), "MPI_Init_thread");
        }
        else
        {
            Library.Check(Library.Finalized(&flag), "MPI_Finalized");
            if (flag != 0)
                throw new CommunicationException("MPI was finalized by this program, and cannot be used any more.");
            Library.Check(Library.QueryThread(&level), "MPI_Query_thread");
        }
        _initialized = true;
        Implementation = Library.Version;
        if (level < ThreadSerialized)
            throw new CommunicationException($"MPI must have been initialized with MPI_THREAD_SERIALIZED or more, since a thread of its own makes this library's calls. Actual level was {level}.");
        Library.Check(Library.CommSetErrhandler(Library.Abi.CommWorld, Library.Abi.ErrorsReturn), "MPI_Comm_set_errhandler");
        var size = 0;
        Library.Check(Library.CommSize(Library.Abi.CommWorld, &size), "MPI_Comm_size");
        if (size == 1 && _launcher.Size > 1)
            throw Stranger();
    }

    /// <summary>Another MPI's launcher started this process: each would be alone in a world of its own, and nobody would notice.</summary>
    private CommunicationException Stranger()
    {
        // A world of one has nobody to wait for.
        if (_isOurs)
            _isFinalized = Library.Finalize() == 0;
        return new(
            $"This process is one of {_launcher.Size} that {_launcher.Name} started, but {Implementation} ('{_libraryName}') says that it is alone: launcher and library are of different MPIs. "
            + $"Start it with the mpirun of {Implementation}, or name the launcher's library in the environment variable {MpiFinder.Variable}.");
    }

    private void Run()
    {
        var quietSince = Stopwatch.GetTimestamp();
        for (var turn = 1; ; turn++)
        {
            MpiWork? work;
            MpiOperation? first;
            lock (_gate)
            {
                while (_queue.Count == 0 && _active.Count == 0)
                {
                    _isBusy = false;
                    Monitor.Wait(_gate);
                    quietSince = Stopwatch.GetTimestamp();
                }
                _isBusy = true;
                if (_queue.TryDequeue(out work) && work is MpiOperation operation)
                    _active.Enqueue(operation);
                first = _active.Count > 0 ? _active.Peek() : null;
            }
            if (Turn(work, first))
            {
                quietSince = Stopwatch.GetTimestamp();
            }
            else if (turn % 100 == 0 && Stopwatch.GetElapsedTime(quietSince) > TimeSpan.FromSeconds(1))
            {
                // The others take long. What moves much moves on in some hundred turns a millisecond, too.
                Thread.Sleep(1);
            }
            else
            {
                // With more ranks than cores another one, or this one's computing, goes on meanwhile.
                Thread.Yield();
            }
        }
    }

    /// <summary>Does what is asked, or else looks whether the first operation has ended. What MPI refuses ends everything.</summary>
    /// <returns>Whether anything happened.</returns>
    private bool Turn(MpiWork? work, MpiOperation? first)
    {
        try
        {
            if (work is not null)
            {
                work.Execute();
                return true;
            }
            if (first?.Test() != true)
                return false;
            lock (_gate)
            {
                // A failure may have emptied it meanwhile.
                if (_active.Count > 0 && _active.Peek() == first)
                    _active.Dequeue();
            }
            first.Complete();
            return true;
        }
        catch (Exception exception)
        {
            Fail(new($"{work ?? first}: {exception.Message} Look at what the other ranks say, and at whether all began the same operation.", exception));
            return true;
        }
    }
}
