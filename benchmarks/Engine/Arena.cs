using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Engine;

/// <summary>
/// Times contests. A pass sets each up in turn, in memory of its own, and runs rounds of it. Every round runs everybody once, in an order of its own, so that what disturbs
/// the machine for a while disturbs all of them; ratios are taken within a round. Passes lie far apart, so that what changes slowly shows in the spread.
/// </summary>
/// <param name="plan">How often.</param>
/// <param name="progress">Told what runs.</param>
internal sealed class Arena(Plan plan, Action<string> progress)
{
    private readonly Random _order = new(1);
    private readonly CacheFlusher? _flusher = plan.Cache == CacheState.Flushed ? new() : null;

    /// <summary>Rivals that failed, and how; their figures are left out.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Times contests; what was measured is in their order.</summary>
    /// <exception cref="WrongResultException">Something of ours computes what it should not.</exception>
    public IReadOnlyList<Race> Run(IReadOnlyList<Contest> contests)
    {
        var records = contests.Select(contest => new Record(contest)).ToArray();
        for (var pass = 0; pass < plan.Passes; pass++)
        {
            for (var i = 0; i < records.Length; i++)
            {
                progress($"pass {pass + 1} of {plan.Passes}, {i + 1} of {records.Length}: {contests[i].Name}");
                Run(records[i], pass);
            }
        }
        foreach (var record in records)
            Failures.AddRange(record.Failures);
        return [.. records.Select(record => record.ToRace())];
    }

    /// <summary>The fastest of several ways to do the same.</summary>
    public static IWorkload Fastest(params IReadOnlyList<IWorkload> ways)
    {
        const int Rounds = 5;
        var arena = new Arena(new(1, Rounds, 0.005, CacheState.Kept), _ => { });
        var repetitions = ways.Select(arena.Repetitions).ToArray();
        return ways.Zip(repetitions).MinBy(way => Statistics.Median([.. Enumerable.Range(0, Rounds).Select(_ => way.First.Run(way.Second))])).First;
    }

    private void Run(Record record, int pass)
    {
        using var scope = new Scope();
        var entries = record.Contest.SetUp(scope);
        if (pass == 0)
            record.Begin(entries, plan);
        // The first runs are not counted: they compile, touch memory, and tell how often to repeat.
        for (var i = 0; i < entries.Count; i++)
        {
            record.Guard(i, () =>
            {
                if (pass == 0)
                    record.Repetitions[i] = record.Contest.RunsOnce || record.Contest.IsCold ? 1 : Repetitions(entries[i].Workload);
                if (!record.Contest.IsCold)
                    entries[i].Workload.Run(1);
            });
        }
        var order = Enumerable.Range(0, entries.Count).ToArray();
        for (var round = 0; round < plan.Rounds; round++)
        {
            _order.Shuffle(order);
            record.Clock[pass][round] = RegisterLoop.Run();
            foreach (var i in order)
            {
                // Threads of the one before may still spin; then a first run warms the caches.
                Thread.Sleep(10);
                record.Guard(i, () =>
                {
                    if (_flusher is null && !record.Contest.IsCold)
                        entries[i].Workload.Run(1);
                    record.Seconds[i][pass][round] = Time(entries[i].Workload, record.Repetitions[i]);
                });
            }
        }
    }

    private double Time(IWorkload workload, int repetitions)
    {
        if (_flusher is null)
            return workload.Run(repetitions);
        // One at a time: the second would find what the first left.
        var seconds = new double[Math.Min(repetitions, 5)];
        for (var i = 0; i < seconds.Length; i++)
        {
            _flusher.Flush();
            seconds[i] = workload.Run(1);
        }
        return Statistics.Median(seconds);
    }

    /// <summary>How often to repeat to fill at least half of the time. It doubles: a single run may be too short for the clock.</summary>
    private int Repetitions(IWorkload workload)
    {
        workload.Run(1);
        var repetitions = 1;
        while (2 * repetitions * workload.Run(repetitions) < plan.SecondsEach)
            repetitions *= 2;
        return repetitions;
    }

    /// <summary>What is known of a contest so far.</summary>
    private sealed class Record(Contest contest)
    {
        private IReadOnlyList<Entry> _entries = [];
        private string?[] _checks = [];
        private string?[] _failures = [];

        public Contest Contest => contest;

        /// <summary>How often each entry is repeated.</summary>
        public int[] Repetitions { get; private set; } = [];

        /// <summary>For each entry, pass and round.</summary>
        public double[][][] Seconds { get; private set; } = [];

        public double[][] Clock { get; private set; } = [];

        /// <summary>Checks results, and makes room.</summary>
        public void Begin(IReadOnlyList<Entry> entries, Plan plan)
        {
            _entries = entries;
            _checks = new string?[entries.Count];
            _failures = new string?[entries.Count];
            for (var i = 0; i < entries.Count; i++)
                Guard(i, () => _checks[i] = entries[i].Check?.Invoke());
            Repetitions = new int[entries.Count];
            Seconds = [.. entries.Select(_ => Table(plan))];
            Clock = Table(plan);
        }

        public IEnumerable<string> Failures => _failures.OfType<string>();

        /// <summary>Does something of an entry. A rival that fails takes no further part; what is ours must not fail.</summary>
        public void Guard(int entry, Action action)
        {
            if (_failures[entry] is not null)
                return;
            try
            {
                action();
            }
            catch (Exception failure) when (_entries[entry].By is not (Figure.Ours or Figure.Yardstick))
            {
                _failures[entry] = $"{_entries[entry].By} failed at {_entries[entry].Subject} ({contest.Name}): {failure.Message}";
            }
        }

        public Race ToRace() => new(contest.Name, contest.Setting, Clock, [.. Enumerable.Range(0, _entries.Count).Where(i => _failures[i] is null).Select(ToFigure)]);

        private Figure ToFigure(int i)
        {
            var (entry, seconds) = (_entries[i], Seconds[i]);
            return new(entry.Subject, entry.By, entry.Work, seconds, Statistics.Median(seconds), Statistics.Interval(seconds), [.. entry.Floors.Select(Floor)], _checks[i]);

            Floor Floor(FloorRule rule)
            {
                var yardstick = Seconds[_entries.TakeWhile(other => other.By != Figure.Yardstick || other.Subject != rule.Yardstick).Count()];
                return new(
                    rule.Yardstick,
                    Statistics.Median(yardstick) * rule.Times,
                    Statistics.Median(Statistics.Zip(yardstick, seconds, (floor, own) => floor * rule.Times / own)),
                    rule.From);
            }
        }

        private static double[][] Table(Plan plan) => [.. Enumerable.Range(0, plan.Passes).Select(_ => new double[plan.Rounds])];
    }
}
