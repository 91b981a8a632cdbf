using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Rivals;
using GpuOptim.Benchmarks.Throughput;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>Results are checked before they are timed, and the numbers stay such as take the usual time.</summary>
public sealed class UpdateCheckTests
{
    private const int Elements = 1000;

    private static IEnumerable<string> Contestants => Contestant.All.Where(contestant => contestant.Formula is not null).Select(contestant => contestant.Name);

    private static Contestant Find(string name) => Contestant.All.Single(contestant => contestant.Name == name);

    [TestCaseSource(nameof(Contestants))]
    public void RightResultsPass(string contestant) => Assert.That(Check(Find(contestant), (value, _) => value), Does.StartWith("formula ± "));

    /// <summary>A single number that is off by a millionth of what it should be, of the first, the last and any that is looked at.</summary>
    [TestCase(0)]
    [TestCase(Elements - 1)]
    public void AWrongNumberIsFound(int place) =>
        Assert.That(() => Check(Contestant.All.Last(contestant => contestant.Formula is not null), (value, i) => i == place ? value * (1 + 1e-6) : value), Throws.TypeOf<WrongResultException>().With.Message.Contains($"Parameter {place} of {Elements}"));

    [Test]
    public void NaNIsFound() => Assert.That(() => Check(Contestant.All[0], (_, _) => double.NaN), Throws.TypeOf<WrongResultException>());

    /// <summary>Nothing done is wrong, too.</summary>
    [TestCaseSource(nameof(Contestants))]
    public void IdlenessIsFound(string contestant)
    {
        double[] values = [.. Enumerable.Range(0, Elements).Select(place => (double)Numbers.Parameter(place))];
        Assert.That(
            () => UpdateCheck.Run("nobody", Find(contestant), NumberType.Float32, Elements, places => [.. places.Select(place => values[place])], () => { }),
            Throws.TypeOf<WrongResultException>().With.Message.Contains("nobody's"));
    }

    /// <summary>After 100,000 steps no number of what is read or written is zero, subnormal, infinite or NaN.</summary>
    [TestCaseSource(nameof(Contestants))]
    public void NumbersStayNormal(string name)
    {
        var contestant = Find(name);
        for (var place = 0; place < 509; place += 13)
        {
            var (p, first, second) = ((double)Numbers.Parameter(place), 0.0, 0.0);
            for (var step = 1; step <= 100_000; step++)
            {
                contestant.Formula!(ref p, Numbers.Gradient(place), ref first, ref second, step);
                if (!float.IsNormal((float)p) || (contestant.States > 0 && !float.IsNormal((float)first)) || (contestant.States > 1 && !float.IsNormal((float)second)))
                    Assert.Fail($"{contestant.Name}, place {place}, step {step}: {p}, {first}, {second}");
            }
        }
    }

    /// <summary>The loops that one writes first compute the formula, too, on tensors of any length.</summary>
    [TestCase(1, 1)]
    [TestCase(3, 1000)]
    [TestCase(100, 7)]
    public void ScalarRivalIsRight(int count, int length)
    {
        using var scope = new Scope();
        var entries = new ScalarRival().Updates(scope, new(new(count, length), NumberType.Float32, Contestant.All, Threads: 1, LiesApart: false));
        Assert.That(entries.Select(entry => entry.Subject), Is.EqualTo(Contestant.Usual.Select(contestant => contestant.Name)));
        Assert.That(entries.Select(entry => entry.Check!()), Is.All.StartsWith("formula"));
    }

    private static string Check(Contestant contestant, Func<double, long, double> reading)
    {
        double[] values = [.. Enumerable.Range(0, Elements).Select(place => (double)Numbers.Parameter(place))], first = new double[Elements], second = new double[Elements];
        var steps = 0;
        return UpdateCheck.Run("somebody", contestant, NumberType.Float32, Elements, places => [.. places.Select(place => steps == 0 ? values[place] : reading(values[place], place))], () =>
        {
            steps++;
            for (var i = 0; i < Elements; i++)
                contestant.Formula!(ref values[i], Numbers.Gradient(i), ref first[i], ref second[i], steps);
        });
    }
}
