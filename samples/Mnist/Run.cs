using System.Diagnostics;
using GpuOptim.Host;

namespace GpuOptim.Samples.Mnist;

/// <summary>One training run: what it is made of, and what came of it.</summary>
/// <param name="recipe">The optimizer.</param>
/// <param name="settings">Everything else.</param>
internal sealed class Run(Recipe recipe, Settings settings)
{
    public Recipe Recipe { get; } = recipe;

    /// <summary>Mean loss of each batch, in nats, in order.</summary>
    public List<float> Losses { get; } = [];

    /// <summary>Share of test digits recognised after each epoch.</summary>
    public List<double> Accuracies { get; } = [];

    public TimeSpan Time { get; private set; }

    /// <summary>How much of the time went into the optimizer's steps.</summary>
    public TimeSpan StepTime { get; private set; }

    /// <summary>Trains, and tells after every epoch.</summary>
    public void Train(Digits training, Digits test, Action<double> progress)
    {
        var start = Stopwatch.GetTimestamp();
        using var device = new SimdDevice();
        var network = new Perceptron(device, settings.Hidden, settings.Batch, settings.Seed);
        using var optimizer = Recipe.Create(network.Parameters);

        var order = Enumerable.Range(0, training.Count).ToArray();
        var random = new Random(settings.Seed);
        var stepTicks = 0L;
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            random.Shuffle(order);
            for (var first = 0; first < order.Length; first += settings.Batch)
            {
                var batch = order.AsSpan(first, Math.Min(settings.Batch, order.Length - first));
                Losses.Add(network.ForwardBackward(training, batch));
                var before = Stopwatch.GetTimestamp();
                optimizer.Step();
                stepTicks += Stopwatch.GetTimestamp() - before;
                optimizer.ZeroGradients();
            }
            Accuracies.Add(network.Accuracy(test));
            progress(Accuracies[^1]);
        }
        StepTime = Stopwatch.GetElapsedTime(0, stepTicks);
        Time = Stopwatch.GetElapsedTime(start);
    }
}
