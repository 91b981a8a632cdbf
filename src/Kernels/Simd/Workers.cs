using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Simd;

/// <summary>A piece of work cut into chunks that may run in any order, on any thread, at the same time.</summary>
internal interface IChunkedJob
{
    void Run(int chunk);
}

/// <summary>
/// Runs the chunks of a job on the calling thread and on threads of the .NET thread pool, without allocating.
/// </summary>
/// <remarks>
/// The caller works too and never waits for a thread that has not begun, so a busy thread pool costs speed but cannot stall a step.
/// A thread that finds no more chunks stays for a moment: a step has several jobs, and to wake a sleeping thread takes longer than small ones.
/// Jobs of several callers run one after the other.
/// </remarks>
/// <param name="count">How many threads may work on a job, the caller included.</param>
internal sealed unsafe class Workers(int count) : IThreadPoolWorkItem
{
    /// <summary>How long a thread stays, in ticks of the stopwatch: 50 microseconds.</summary>
    private static readonly long _stay = Stopwatch.Frequency / 20_000;

    private readonly Lock _gate = new();

    private void* _job;
    private delegate*<void*, int, void> _run;
    private int _chunks;

    /// <summary>Chunks not yet begun, and below zero how many threads found none. Written last when a job is published.</summary>
    private int _remaining;

    private int _finished;

    /// <summary>Threads that were asked for and have not left, at most <see cref="Count"/> - 1 however busy the pool is.</summary>
    private int _present;

    public int Count { get; } = count;

    /// <summary>Runs chunks 0 to <paramref name="chunks"/> - 1 and returns when all are done.</summary>
    /// <param name="job">On the stack: other threads reach it through its address.</param>
    /// <param name="chunks">How many chunks there are.</param>
    /// <param name="isShort">Whether it takes no longer than to wake a thread: then only those that are awake take part.</param>
    public void Run<TJob>(scoped ref TJob job, int chunks, bool isShort = false) where TJob : struct, IChunkedJob, allows ref struct
    {
        if (chunks <= 1 || Count == 1)
        {
            for (var chunk = 0; chunk < chunks; chunk++)
                job.Run(chunk);
            return;
        }

        lock (_gate)
        {
            _job = Unsafe.AsPointer(ref job);
            _run = &RunChunk<TJob>;
            _chunks = chunks;
            Volatile.Write(ref _finished, 0);
            Volatile.Write(ref _remaining, chunks);

            for (var helpers = isShort ? 0 : Math.Min(Count, chunks) - 1; Volatile.Read(ref _present) < helpers;)
            {
                Interlocked.Increment(ref _present);
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }

            Work();

            var spin = new SpinWait();
            while (Volatile.Read(ref _finished) < chunks)
                spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        Work();
        for (var idleSince = Stopwatch.GetTimestamp(); Stopwatch.GetTimestamp() - idleSince < _stay;)
        {
            if (Volatile.Read(ref _remaining) <= 0)
            {
                Thread.SpinWait(4);
                continue;
            }
            Work();
            idleSince = Stopwatch.GetTimestamp();
        }
        Interlocked.Decrement(ref _present);
        // A job may have counted on this thread just before.
        Work();
    }

    /// <summary>
    /// Takes chunks until none is left. A thread that comes late, even one meant for an earlier job, takes a number below zero
    /// and leaves, or takes a chunk of the present job, whose fields were written before the count: both are right.
    /// </summary>
    private void Work()
    {
        for (int taken; (taken = Interlocked.Decrement(ref _remaining)) >= 0;)
        {
            _run(_job, _chunks - 1 - taken);
            Interlocked.Increment(ref _finished);
        }
    }

    private static void RunChunk<TJob>(void* job, int chunk) where TJob : struct, IChunkedJob, allows ref struct =>
        Unsafe.AsRef<TJob>(job).Run(chunk);
}
