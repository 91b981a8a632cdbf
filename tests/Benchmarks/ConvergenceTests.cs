using GpuOptim.Benchmarks.Convergence;
using GpuOptim.Benchmarks.Distributed.Model;
using GpuOptim.Host;

namespace GpuOptim.Tests.Benchmarks;

/// <summary>Training by several optimizers: the same for all but what is compared, and compared as it should be.</summary>
public sealed class ConvergenceTests
{
    private static readonly LearningTask[] _tasks = OptimizerTrainingCommand.Quick();

    /// <summary>All learn digits, what does not depend on threads, and Gram takes Muon's steps.</summary>
    [Test]
    public void AllContendersLearnDigits()
    {
        var result = ConvergenceStudy.Run(_tasks[0], [1], threads: 2);
        foreach (var standing in result.Standings)
            Assert.That(standing.FinalLoss, Is.LessThan(standing.Runs[0].Losses[0] - 0.2), standing.Contender.Name);
        var (muon, gram, last) = (result.Standings[1], result.Standings[2], result.Standings[^1]);
        Assert.That(gram.Losses, Is.EqualTo(muon.Losses).Within(0.05));
        Assert.That(gram.Losses, Is.Not.EqualTo(muon.Losses));
        Assert.That(TrainingRun.Of(result.Task, last.Contender, last.Rate, seed: 1).Losses, Is.EqualTo(last.Runs[0].Losses));
        Assert.That(result.Lines().Count(), Is.EqualTo(2 + Contender.All.Count));
        Assert.That(Picture.Of(ConvergenceChart.Of([result], seeds: 1)), Does.Contain("NorMuon").And.Not.Contain("NaN"));
    }

    /// <summary>All learn text, from the same weights.</summary>
    [Test]
    public void AllContendersLearnText()
    {
        var runs = Contender.All.Select(contender => TrainingRun.Of(_tasks[1], contender, contender.Rates[1], seed: 1)).ToArray();
        Assert.That(runs.Select(run => run.Losses[0]).Distinct().Count(), Is.EqualTo(1));
        Assert.That(runs.Select(run => run.FinalLoss), Is.All.LessThan(runs[0].Losses[0] - 0.5));
    }

    /// <summary>Means of a tenth of the steps: of 20 steps, two.</summary>
    [TestCase(9.5, 2)]
    [TestCase(8.6, 3)]
    [TestCase(0.5, 11)]
    [TestCase(0, 12)]
    [TestCase(-1, null)]
    public void StepsToALossAreCounted(double loss, int? steps)
    {
        TrainingRun falling = new([.. Enumerable.Range(0, 20).Select(step => Math.Max(0.0, 10 - step))], 1, [1], [1]), broken = falling with { Losses = [.. Enumerable.Repeat(double.NaN, 20)] };
        var standing = new Standing(Contender.All[0] with { Rates = [1, 2] }, [[broken], [falling]]);
        Assert.That(standing.Rate, Is.EqualTo(2));
        Assert.That(standing.StepsTo(loss), Is.EqualTo(steps));
    }

    /// <summary>Gradients of the table of characters, of hidden matrices and of biases are those that differences of the loss say.</summary>
    [Test]
    public void TheLanguageModelsGradientsAreItsLosssSlopes()
    {
        const int Batch = 8;
        using var device = new SimdDevice(threads: 1);
        var model = new LanguageModel(device, Corpus.OfDocumentation(LanguageModel.Context, length: 10_000), hidden: 8, Batch, seed: 1);
        int[] batch = [.. Enumerable.Range(0, Batch).Select(i => i * 7)];
        model.ForwardBackward(batch);
        float[][] gradients = [.. model.Parameters.Select(parameter => parameter.Gradient.ToArray())];
        foreach (var (parameter, gradient) in model.Parameters.Zip(gradients))
        {
            // The steepest: of the others floats know too little.
            var place = gradient.Index().MaxBy(slope => Math.Abs(slope.Item)).Index;
            var value = parameter.Data.ToArray()[place];
            double LossAt(float moved)
            {
                parameter.Data.Span[place] = moved;
                return model.ForwardBackward(batch);
            }
            const float Step = 1e-3f;
            var slope = (LossAt(value + Step) - LossAt(value - Step)) / (2 * Step);
            parameter.Data.Span[place] = value;
            Assert.That(slope, Is.EqualTo(gradient[place]).Within(2).Percent, parameter.Name);
        }
    }
}
