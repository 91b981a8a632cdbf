using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>How contests are run.</summary>
public sealed class ArenaTests
{
    private static readonly Plan _plan = new(Passes: 3, Rounds: 2, SecondsEach: 0, CacheState.Kept);

    [Test]
    public void EachPassSetsUpAndEndsAnew()
    {
        List<string> events = [];
        Contest Contest(string name) => new(name, new Dictionary<string, string>(), scope =>
        {
            events.Add($"+{name}");
            scope.Finally(() => events.Add($"-{name}"));
            return [Entry.Ours("work", () => { }, new())];
        });
        var races = Run(Contest("a"), Contest("b"));
        Assert.That(events, Is.EqualTo(Enumerable.Repeat<string[]>(["+a", "-a", "+b", "-b"], 3).SelectMany(each => each)));
        Assert.That(races.Select(race => race.Name), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(races[0].Figures[0].Seconds.Select(pass => pass.Length), Is.EqualTo(new[] { 2, 2, 2 }));
        Assert.That(races[0].Clock.SelectMany(pass => pass), Is.All.Positive);
    }

    /// <summary>What slows a round slows both, so that the share of the floor stays what it is.</summary>
    [Test]
    public void SharesOfFloorsAreTakenWithinARound()
    {
        var slowness = 0;
        var race = Run(new Contest("", new Dictionary<string, string>(), _ =>
        {
            slowness++;
            var yardstick = Entry.Yardstick("triad", new FakeWorkload(() => 2.0 * slowness), new(Bytes: 12));
            return
            [
                yardstick,
                new("adamw", Figure.Ours, new FakeWorkload(() => 7.0 * slowness), new(Elements: 1, Bytes: 28)) { Floors = [FloorRule.OfBytes(yardstick, new(1, 28))] },
            ];
        })).Single();
        var floor = race.Figures[1].Floors.Single();
        Assert.That(floor.Share, Is.EqualTo(2.0 * 28 / 12 / 7).Within(1e-12));
        Assert.That(floor.Seconds, Is.EqualTo(4.0 * 28 / 12).Within(1e-12));
        Assert.That(race.Figures[1].BindingFloor, Is.EqualTo(floor));
        Assert.That(race.Figures[1].Median, Is.EqualTo(14));
    }

    [Test]
    public void WrongResultsEndTheRun()
    {
        var contest = new Contest("", new Dictionary<string, string>(), _ => [Entry.Ours("work", () => { }, new()) with { Check = () => throw new WrongResultException("wrong") }]);
        Assert.That(() => Run(contest), Throws.TypeOf<WrongResultException>());
    }

    /// <summary>A rival that fails, whenever it does, costs its figure and no other.</summary>
    [TestCase(0)]
    [TestCase(5)]
    public void RivalsThatFailAreLeftOut(int runs)
    {
        var arena = new Arena(_plan, _ => { });
        var done = 0;
        var race = arena.Run([new("a race", new Dictionary<string, string>(), _ =>
        [
            Entry.Ours("work", () => { }, new()),
            new("work", "a rival", new FakeWorkload(() => done++ < runs ? 1 : throw new NotSupportedException("no more")), new()),
        ])]).Single();
        Assert.That(race.Figures.Select(figure => figure.By), Is.EqualTo(new[] { Figure.Ours }));
        Assert.That(race.Figures[0].Seconds.SelectMany(pass => pass), Is.All.Positive);
        Assert.That(arena.Failures, Is.EqualTo(new[] { "a rival failed at work (a race): no more" }));
    }

    /// <summary>What is ours must not fail.</summary>
    [Test]
    public void OursThatFailEndTheRun() => Assert.That(
        () => Run(new Contest("", new Dictionary<string, string>(), _ => [Entry.Ours("work", () => throw new NotSupportedException(), new())])),
        Throws.TypeOf<NotSupportedException>());

    [Test]
    public void ChecksAreMadeOnceAndKept()
    {
        var checks = 0;
        var race = Run(new Contest("", new Dictionary<string, string>(), _ => [Entry.Ours("work", () => { }, new()) with { Check = () => $"{++checks}" }])).Single();
        Assert.That(race.Figures[0].Check, Is.EqualTo("1"));
        Assert.That(checks, Is.EqualTo(1));
    }

    /// <summary>Cold work is run as often as it is measured; other work is warmed up.</summary>
    [TestCase(true, 1)]
    [TestCase(false, 2)]
    public void ColdWorkIsNotWarmed(bool isCold, int runsARound)
    {
        List<FakeWorkload> workloads = [];
        Run(new Contest("", new Dictionary<string, string>(), _ =>
        {
            workloads.Add(new FakeWorkload(() => 1));
            return [new("work", Figure.Ours, workloads[^1], new())];
        })
        {
            IsCold = isCold,
        });
        Assert.That(workloads[^1].Runs, Is.EqualTo(_plan.Rounds * runsARound + (isCold ? 0 : 1)));
    }

    [Test]
    public void ShortWorkIsRepeatedToFillItsTime()
    {
        var plan = _plan with { SecondsEach = 1 };
        FakeWorkload? first = null;
        new Arena(plan, _ => { }).Run([new("", new Dictionary<string, string>(), _ =>
        {
            var workload = new FakeWorkload(() => 0.01);
            first ??= workload;
            return [new("work", Figure.Ours, workload, new())];
        })]);
        // 64 times 10 ms fill more than half of a second; the doubling before took 1 + 1 + 2 + ... + 64, and each round is warmed up.
        Assert.That(first!.Runs, Is.EqualTo(1 + 127 + 1 + plan.Rounds * (1 + 64)));
    }

    /// <summary>The flusher leaves nothing of what was there, so each is timed once.</summary>
    [Test]
    public void FlushedWorkRunsOnceAtATime()
    {
        List<int> repetitions = [];
        new Arena(_plan with { Cache = CacheState.Flushed, SecondsEach = 1 }, _ => { }).Run([new("", new Dictionary<string, string>(), _ => [new("work", Figure.Ours, new Recorder(repetitions), new())])]);
        Assert.That(repetitions.TakeLast(5 * _plan.Rounds), Is.All.EqualTo(1));
    }

    private static IReadOnlyList<Race> Run(params Contest[] contests) => new Arena(_plan, _ => { }).Run(contests);

    private sealed class Recorder(List<int> repetitions) : IWorkload
    {
        public double Run(int count)
        {
            repetitions.Add(count);
            return 0.01;
        }
    }
}
