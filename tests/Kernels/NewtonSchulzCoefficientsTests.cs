using GpuOptim.Kernels;

namespace GpuOptim.Tests.Kernels;

public sealed class NewtonSchulzCoefficientsTests
{
    [Test]
    public void ListsBeginAgainOrRepeatTheirLast()
    {
        NewtonSchulzStep first = new(1, 2, 3), second = new(4, 5, 6);
        var cycled = NewtonSchulzCoefficients.Custom([first, second]);
        var repeated = NewtonSchulzCoefficients.Custom([first, second], repeatLast: true);
        Assert.That(Enumerable.Range(0, 5).Select(step => cycled[step]), Is.EqualTo(new[] { first, second, first, second, first }));
        Assert.That(Enumerable.Range(0, 5).Select(step => repeated[step]), Is.EqualTo(new[] { first, second, second, second, second }));
        Assert.That((cycled.DefaultSteps, cycled.NormScale, cycled.ToString()), Is.EqualTo((2, 1.0, "Custom")));
        Assert.That(() => cycled[-1], Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void EverySetHasANameAndASource()
    {
        Assert.That(NewtonSchulzCoefficients.All.Select(set => set.Name), Is.Unique.And.All.Not.Empty);
        Assert.That(NewtonSchulzCoefficients.All.Select(set => set.Source), Is.All.Not.Empty);
        Assert.That(NewtonSchulzCoefficients.Muon[4], Is.EqualTo(new NewtonSchulzStep(3.4445, -4.7750, 2.0315)));
        Assert.That(NewtonSchulzCoefficients.DeepSeekV4.DefaultSteps, Is.EqualTo(10));
    }

    /// <summary>What each is for: singular values of a wide range come near 1.</summary>
    [TestCase("Muon", 0.01, 1, 0.68, 1.14)]
    [TestCase("ModdedNanoGpt", 0.01, 1, 0.97, 1.04)]
    [TestCase("Cubic", 0.01, 1, 0.999, 1.001)]
    [TestCase("RelaxedCubic", 0.01, 1, 0.77, 1.31)]
    [TestCase("PolarExpress", 0.01, 1, 0.87, 1.13)]
    [TestCase("PolarExpressFive", 0.01, 1, 0.855, 1.145)]
    [TestCase("Cans", 0.01, 1, 0.88, 1.12)]
    [TestCase("AolWithoutPreconditioner", 0.05, 0.85, 0.98, 1.02)]
    [TestCase("DeepSeekV4", 0.001, 1, 0.999, 1.001)]
    public void TakesSingularValuesNearOne(string name, double smallest, double largest, double low, double high)
    {
        var set = NewtonSchulzCoefficients.All.Single(set => set.Name == name);
        for (var value = smallest; value <= largest; value += 0.001)
        {
            var x = value / set.NormScale;
            for (var step = 0; step < set.DefaultSteps; step++)
                x = set[step].A * x + set[step].B * Math.Pow(x, 3) + set[step].C * Math.Pow(x, 5);
            Assert.That(x, Is.InRange(low, high), $"from {value}");
        }
    }
}
