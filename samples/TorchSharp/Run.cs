using System.Diagnostics;
using GpuOptim.Optimizers;
using GpuOptim.TorchSharp;
using TorchSharp;
using static TorchSharp.torch.nn.functional;

namespace GpuOptim.Samples.OnTorchSharp;

/// <summary>One training run: the loop of any TorchSharp program, and what came of it.</summary>
/// <param name="recipe">The optimizer.</param>
internal sealed class Run(Recipe recipe)
{
    public const int BatchSize = 32;

    private readonly List<double> _optimizerTimes = [], _stepTimes = [];

    public string Name => recipe.Name;

    /// <summary>Mean loss of each batch, in nats, in order.</summary>
    public List<float> Losses { get; } = [];

    /// <summary>Share of test digits recognised at the end.</summary>
    public double Accuracy { get; private set; }

    /// <summary>Who trains what, and why, if there are several.</summary>
    public string? Explanation { get; private set; }

    /// <summary>Milliseconds of an optimizer's step: the median.</summary>
    public double OptimizerTime => _optimizerTimes.Order().ElementAt(_optimizerTimes.Count / 2);

    /// <summary>Milliseconds of a whole step, forward and backward: the median.</summary>
    public double StepTime => _stepTimes.Order().ElementAt(_stepTimes.Count / 2);

    public void Train(Examples training, Examples test, int steps, Action<int> progress)
    {
        // The same weights, and then the same batches, for every optimizer.
        torch.manual_seed(1);
        using var network = new VisionTransformer();
        using var optimizer = recipe.Create(network);
        Explanation = (optimizer as TorchOptimizer<ModelOptimizer>)?.Inner.Explain();
        var schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps);

        for (var step = 1; step <= steps; step++)
        {
            using var scope = torch.NewDisposeScope();
            var start = Stopwatch.GetTimestamp();
            var batch = torch.randint(training.Count, BatchSize);
            var loss = cross_entropy(network.call(training.Images[batch]), training.Labels[batch]);
            optimizer.zero_grad();
            loss.backward();
            var backwardDone = Stopwatch.GetTimestamp();
            optimizer.step();
            _optimizerTimes.Add(Stopwatch.GetElapsedTime(backwardDone).TotalMilliseconds);
            schedule.step();
            Losses.Add(loss.item<float>());
            _stepTimes.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            progress(step);
        }
        Accuracy = Evaluate(network, test);
    }

    private static double Evaluate(VisionTransformer network, Examples test)
    {
        using var scope = torch.NewDisposeScope();
        using var withoutGradients = torch.no_grad();
        return network.call(test.Images).argmax(1).eq(test.Labels).sum().item<long>() / (double)test.Count;
    }
}
