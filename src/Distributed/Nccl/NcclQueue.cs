using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using GpuOptim.Host.Ilgpu;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Distributed.Nccl;

/// <summary>A communicator of NCCL's, its stream, and a watchdog over what is under way.</summary>
/// <remarks>
/// NCCL's calls may wait for other ranks, too, as the first that connects two does. So the watchdog aborts without the lock under which calls are made;
/// NCCL then lets the call return.
/// </remarks>
[RequiresDynamicCode("It is about memory of an IlgpuDevice.")]
internal sealed unsafe class NcclQueue : IDisposable
{
    private static readonly TimeSpan _patrol = TimeSpan.FromMilliseconds(20);

    private readonly Lock _calls = new();
    private readonly Lock _gate = new();
    private readonly Queue<NcclOperation> _active = new();
    private readonly Stack<CudaEvent> _events = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly IlgpuDevice _device;
    private readonly CudaAccelerator _accelerator;
    private readonly CudaStream _stream;
    private readonly CudaEvent _ready;
    private readonly NcclFunctions _functions;
    private readonly NcclOptions _options;
    private readonly Thread _watchdog;
    private CommunicationException? _failure;
    private NcclOperation? _calling;
    private long _operations;
    private nint _communicator;
    private bool _isDisposed;
    private bool _isOver;

    public NcclQueue(IlgpuDevice device, NcclId id, int rank, int size, NcclFunctions functions, NcclOptions options)
    {
        (_device, Rank, Size, _functions, _options) = (device, rank, size, functions, options);
        _accelerator = (CudaAccelerator)device.Accelerator;
        Join(id);
        using (CudaScope.Enter(_accelerator))
        {
            _stream = (CudaStream)_accelerator.CreateStream();
            _ready = new(_accelerator);
        }
        _watchdog = new(Watch) { IsBackground = true, Name = "GpuOptim NCCL" };
        _watchdog.Start();
    }

    public int Rank { get; }

    public int Size { get; }

    public NcclFunctions Functions => _functions;

    public nint Communicator => _communicator;

    /// <summary>The stream's handle.</summary>
    public nint Stream => _stream.StreamPtr;

    /// <summary>Puts an operation into the stream, behind all that the device was given.</summary>
    public NcclOperation Begin(string name, long bytes, bool isEmpty, Action post)
    {
        lock (_calls)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var operation = new NcclOperation(this, name, ++_operations, bytes);
            lock (_gate)
            {
                if (_failure is not null)
                    throw Again();
                if (isEmpty)
                    return operation;
                _calling = operation;
            }
            _wake.Set();
            CudaEvent? done = null;
            try
            {
                using var scope = CudaScope.Enter(_accelerator);
                _device.RecordEvent(_ready.Handle);
                CudaException.ThrowIfFailed(CudaDriver.WaitForEvent(Stream, _ready.Handle));
                post();
                lock (_gate)
                    done = _events.TryPop(out var old) ? old : null;
                done ??= new(_accelerator);
                CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.RecordEvent(done.Handle, Stream));
            }
            catch (Exception exception) when (exception is CommunicationException or CudaException)
            {
                throw Fail(new($"{operation}: {exception.Message}", exception));
            }
            finally
            {
                lock (_gate)
                    _calling = null;
            }
            lock (_gate)
            {
                if (_failure is not null)
                    throw Again();
                operation.Done = done;
                _active.Enqueue(operation);
            }
            return operation;
        }
    }

    /// <summary>Has the device's stream wait for an operation.</summary>
    public void Wait(NcclOperation operation)
    {
        lock (_gate)
        {
            if (_failure is not null)
                throw Again();
            // Null: it is done. The event stays this operation's while the lock is held.
            if (operation.Done is { } done)
                _device.WaitForEvent(done.Handle);
        }
    }

    /// <summary>Copies on the device, in the communicator's stream.</summary>
    public void Copy(nint source, nint destination, long bytes) => CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.MemcpyAsync(destination, source, (nint)bytes, _stream));

    /// <summary>Waits for what is under way, and gives all back; within the time limit.</summary>
    public void Dispose()
    {
        lock (_calls)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }
        // The watchdog sees to it that this ends.
        while (HasActive())
            Thread.Sleep(1);
        lock (_gate)
            _isOver = true;
        _wake.Set();
        // It works in the device's context, which may go next.
        _watchdog.Join(_options.Timeout);
        var communicator = Interlocked.Exchange(ref _communicator, 0);
        if (communicator != 0 && !TryIn(_options.Timeout, () => _functions.CommDestroy(communicator)))
            _functions.CommAbort(communicator);
        using var scope = CudaScope.Enter(_accelerator);
        foreach (var done in _events)
            done.Dispose();
        _ready.Dispose();
        _stream.Dispose();
    }

    private CommunicationException Again() => new($"The communication of this rank failed before: {_failure!.Message}", _failure);

    private bool HasActive()
    {
        lock (_gate)
            return _failure is null && _active.Count > 0;
    }

    /// <summary>Joins the other ranks.</summary>
    private void Join(NcclId id)
    {
        nint communicator = 0;
        Exception? refusal = null;
        var joined = TryIn(_options.Timeout, () =>
        {
            try
            {
                nint handle = 0;
                _functions.Check(_functions.CommInitRank(&handle, Size, id, Rank), "ncclCommInitRank");
                communicator = handle;
            }
            catch (CommunicationException exception)
            {
                refusal = exception;
            }
        });
        if (refusal is not null)
            throw new CommunicationException($"Rank {Rank} of {Size}: {refusal.Message}", refusal);
        if (!joined)
            throw new CommunicationException($"Rank {Rank} of {Size}: ncclCommInitRank did not return within {_options.Timeout.TotalSeconds:0.#} s. Another rank is gone, hangs, or has another identifier. Look at what the others say, or raise NcclOptions.Timeout.");
        _communicator = communicator;
    }

    /// <summary>Makes calls on a thread that is given up if they do not return. The device's context is current there.</summary>
    private bool TryIn(TimeSpan timeout, Action calls)
    {
        Exception? exception = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var scope = CudaScope.Enter(_accelerator);
                calls();
            }
            catch (Exception caught)
            {
                exception = caught;
            }
        })
        {
            IsBackground = true,
            Name = "GpuOptim NCCL call",
        };
        thread.Start();
        return thread.Join(timeout) && (exception is null ? true : throw new CommunicationException(exception.Message, exception));
    }

    /// <summary>Nothing works from here on; what is under way is aborted.</summary>
    private CommunicationException Fail(CommunicationException failure)
    {
        lock (_gate)
        {
            if (_failure is not null)
                return Again();
            _failure = failure;
        }
        // Not under another's call, unless that is what does not end.
        var isAlone = _calls.TryEnter(_patrol);
        try
        {
            if (Interlocked.Exchange(ref _communicator, 0) is not 0 and var communicator)
            {
                using var scope = CudaScope.Enter(_accelerator);
                _functions.CommAbort(communicator);
            }
        }
        finally
        {
            if (isAlone)
                _calls.Exit();
        }
        return failure;
    }

    private void Watch()
    {
        while (true)
        {
            bool isIdle;
            lock (_gate)
            {
                if (_failure is not null || _isOver)
                    return;
                isIdle = _active.Count == 0 && _calling is null;
            }
            // Errors of the network come while nothing is asked, too.
            _wake.WaitOne(isIdle ? TimeSpan.FromSeconds(1) : _patrol);
            try
            {
                using var scope = CudaScope.Enter(_accelerator);
                Patrol();
            }
            catch (CudaException exception)
            {
                Fail(new($"Rank {Rank} of {Size}: CUDA answered '{exception.Message}' to a look at what is under way.", exception));
            }
            catch (CommunicationException exception)
            {
                Fail(exception);
            }
        }
    }

    /// <summary>Forgets what is done, and looks for what is late or failed.</summary>
    private void Patrol()
    {
        NcclOperation? oldest;
        lock (_gate)
        {
            if (_failure is not null || _isOver)
                return;
            while (_active.TryPeek(out oldest))
            {
                if (_options.IsHeld?.Invoke() == true)
                    break;
                var state = CudaAPI.CurrentAPI.QueryEvent(oldest.Done!.Handle);
                if (state == CudaError.CUDA_ERROR_NOT_READY)
                    break;
                CudaException.ThrowIfFailed(state);
                _events.Push(oldest.Done);
                oldest.Done = null;
                _active.Dequeue();
            }
            oldest ??= _calling;
            var result = 0;
            // 7: a call is under way, as it is while ranks connect.
            if (_communicator != 0 && _functions.CommGetAsyncError(_communicator, &result) == 0 && result is not (0 or 7))
                _functions.Check(result, oldest is null ? $"Rank {Rank} of {Size}: ncclCommGetAsyncError" : $"{oldest}: ncclCommGetAsyncError", _communicator);
        }
        if (oldest is not null && Stopwatch.GetElapsedTime(oldest.Began) is var elapsed && elapsed > _options.Timeout)
        {
            throw new CommunicationException(
                $"{oldest} did not end within {elapsed.TotalSeconds:0.#} s. Another rank is gone, hangs, or began another operation. Look at what the others say; if one just takes that long, raise NcclOptions.Timeout.");
        }
    }
}
