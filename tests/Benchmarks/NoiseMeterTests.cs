using GpuOptim.Benchmarks.Engine;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>What is said of how still the machine was.</summary>
public sealed class NoiseMeterTests
{
    private const double Usual = 250e-6;

    [Test]
    public void AStillMachineIsNotWarnedOf() => Assert.That(Warnings(i => Usual * (1 + 0.005 * (i % 3))), Is.Empty);

    [Test]
    public void AClockThatWandersIsSaid() => Assert.That(Warnings(i => Usual * (1 + 0.02 * (i % 10))), Has.One.Contains("varied by"));

    /// <summary>Others who run for a fifth of the time leave the middle of the times as it is.</summary>
    [Test]
    public void OthersOnTheCoresAreSaid() => Assert.That(Warnings(i => i % 5 == 0 ? 1.9 * Usual : Usual), Has.One.EqualTo("In 20 % of the rounds that loop took over a tenth longer than usual: something else ran on the cores."));

    [Test]
    public void FailuresAreSaid() => Assert.That(new NoiseMeter().Read([], ["a rival failed"]).Warnings, Does.Contain("a rival failed"));

    private static IEnumerable<string> Warnings(Func<int, double> seconds) =>
        new NoiseMeter().Read([new("", new Dictionary<string, string>(), [[.. Enumerable.Range(0, 100).Select(seconds)]], [])], []).Warnings.Where(warning => !warning.Contains("host", StringComparison.Ordinal));
}
