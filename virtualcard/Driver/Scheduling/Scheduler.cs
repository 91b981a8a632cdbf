using System.Diagnostics;
using VirtualCard.Execution;

namespace VirtualCard.Driver.Scheduling;

/// <summary>Runs queued work late, in an order that streams and events allow and a seed chooses.</summary>
internal sealed class Scheduler
{
    private readonly List<Work> _pending = [];
    private readonly List<Work> _ready = [];

    private SeededRandom _random;
    private int _mark;

    public int PendingCount => _pending.Count;

    public void Seed(ulong seed) => _random = new(seed);

    /// <summary>A number below a limit, that follows from the seed.</summary>
    public int Random(int limit) => _random.Next(limit);

    /// <summary>Queues an operation at the end of a stream.</summary>
    public Work Submit(Operation operation, CardStream stream)
    {
        Work work = new(operation, stream);
        foreach (var before in stream.Before())
            work.WaitFor(before);
        Add(work);
        stream.Tail = work;
        return work;
    }

    /// <summary>Queues work that knows what it waits for.</summary>
    public void Add(Work work)
    {
        work.Operation.Stage(work);
        work.Index = _pending.Count;
        _pending.Add(work);
        if (work.Unmet == 0)
            MakeReady(work);
        if (_pending.Count > Machine.Options.MaxQueue)
            RunSome(_pending.Count / 2);
    }

    /// <summary>Whether queued work may use a range of the host's memory.</summary>
    public bool MayUseHost(ulong start, ulong end, bool writes)
    {
        foreach (var work in _pending)
        {
            if (writes ? work.Operation.MayWriteHost(start, end) : work.Operation.MayUseHost(start, end))
                return true;
        }
        return false;
    }

    /// <summary>Runs what comes before some work, and that work; and maybe others.</summary>
    public void RunUntil(Work? target)
    {
        if (target is null || target.IsDone)
            return;
        // All of them are orders in which a card may do it: only what is needed, anything, all else first, the newest first.
        var order = Random(4);
        var mark = ++_mark;
        MarkBefore(target, mark);
        while (!target.IsDone)
        {
            var chosen = order switch
            {
                1 => PickAny(),
                2 => Pick(work => work.Mark != mark) ?? PickAny(),
                3 => _ready.Count > 0 ? _ready[^1] : null,
                _ => Pick(work => work.Mark == mark),
            };
            RunOrWait(chosen ?? PickAny());
        }
    }

    /// <summary>Runs all work, or all of a context and what it needs.</summary>
    public void RunAll(CardContext? context = null)
    {
        while (true)
        {
            var left = context is null ? _pending : [.. _pending.Where(work => work.Context == context)];
            if (left.Count == 0)
                return;
            RunUntil(left[Random(left.Count)]);
        }
    }

    /// <summary>Runs a few pieces of work, if any can run.</summary>
    public void RunSome(int count)
    {
        for (; count > 0 && PickAny() is { } work; count--)
            Run(work);
    }

    private Work? PickAny() => _ready.Count > 0 ? _ready[Random(_ready.Count)] : null;

    private Work? Pick(Func<Work, bool> matches)
    {
        var count = _ready.Count(matches);
        if (count == 0)
            return null;
        var place = Random(count);
        return _ready.Where(matches).ElementAt(place);
    }

    private static void MarkBefore(Work target, int mark)
    {
        Stack<Work> open = [];
        open.Push(target);
        target.Mark = mark;
        while (open.TryPop(out var work))
        {
            foreach (var before in work.Before)
            {
                if (before.IsDone || before.Mark == mark)
                    continue;
                before.Mark = mark;
                open.Push(before);
            }
        }
    }

    private void RunOrWait(Work? work)
    {
        if (work is not null)
            Run(work);
        else if (!Monitor.Wait(Machine.Gate, TimeSpan.FromMinutes(5)))
            throw new DriverException(Result.LaunchTimeout, "waited five minutes for a host function that runs in another thread");
    }

    private void Run(Work work)
    {
        _ready.Remove(work);
        work.State = WorkState.Running;
        var call = Machine.Call;
        try
        {
            if (work.Context.Error == Result.Success && !work.Context.IsDestroyed)
                work.Operation.Execute(work);
        }
        catch (SimulationException fault)
        {
            Break(work, CardContext.ResultOf(fault.Kind, fault.Message), fault.Message);
        }
        catch (DriverException error)
        {
            Break(work, error.Result == Result.InvalidValue ? Result.IllegalAddress : error.Result, error.Finding ?? error.Message);
        }
        catch (Exception error)
        {
            Break(work, Result.Unknown, $"the virtual card itself failed: {error}");
        }
        finally
        {
            Machine.Call = call;
            Finish(work);
        }
    }

    private void Finish(Work work)
    {
        Machine.Counters.Executed++;
        work.State = WorkState.Done;
        work.Timestamp = Stopwatch.GetTimestamp();
        work.Before.Clear();
        work.Staged?.Dispose();
        work.Staged = null;
        _pending[work.Index] = _pending[^1];
        _pending[work.Index].Index = work.Index;
        _pending.RemoveAt(_pending.Count - 1);
        foreach (var after in work.After)
        {
            if (--after.Unmet == 0 && after.State == WorkState.Waiting)
                MakeReady(after);
        }
        work.After.Clear();
        Monitor.PulseAll(Machine.Gate);
    }

    private void MakeReady(Work work)
    {
        work.State = WorkState.Ready;
        _ready.Add(work);
    }

    private static void Break(Work work, Result result, string finding)
    {
        Machine.Reports.Add(work.Call, $"{work}: {finding} (noticed in {Machine.Call}) [{ResultNames.NameOf(result)}]");
        work.Context.Break(result);
    }
}
