using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

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

    /// <summary>Steps that this run did itself, and did not take over from a checkpoint.</summary>
    public int Steps { get; private set; }

    /// <summary>A digest of the weights at the end.</summary>
    public string Weights { get; private set; } = "";

    /// <summary>Trains, and tells after every epoch. With a checkpoint, goes on where that left off, and writes it after every epoch.</summary>
    public void Train(Digits training, Digits test, FileInfo? checkpoint, Action<double> progress)
    {
        var start = Stopwatch.GetTimestamp();
        using var device = new SimdDevice();
        var network = new Perceptron(device, [settings.Hidden], settings.Batch, settings.Seed);
        using var optimizer = Recipe.Create(network.Parameters);
        if (checkpoint is { Exists: true })
        {
            Checkpoint.Load(checkpoint.FullName, optimizer);
            var history = JsonSerializer.Deserialize<History>(File.ReadAllText(checkpoint.FullName + ".json"))!;
            Losses.AddRange(history.Losses);
            Accuracies.AddRange(history.Accuracies);
        }

        var order = Enumerable.Range(0, training.Count).ToArray();
        var random = new Random(settings.Seed);
        var stepTicks = 0L;
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            random.Shuffle(order);
            if (epoch < Accuracies.Count)
                continue;
            for (var first = 0; first < order.Length; first += settings.Batch)
            {
                var batch = order.AsSpan(first, Math.Min(settings.Batch, order.Length - first));
                Losses.Add(network.ForwardBackward(training, batch));
                var before = Stopwatch.GetTimestamp();
                optimizer.Step();
                stepTicks += Stopwatch.GetTimestamp() - before;
                optimizer.ZeroGradients();
                Steps++;
            }
            Accuracies.Add(network.Evaluate(test).Accuracy);
            if (checkpoint is not null)
            {
                Checkpoint.Save(checkpoint.FullName, optimizer);
                File.WriteAllText(checkpoint.FullName + ".json", JsonSerializer.Serialize(new History(Losses, Accuracies)));
            }
            progress(Accuracies[^1]);
        }
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var parameter in network.Parameters)
            digest.AppendData(MemoryMarshal.AsBytes(parameter.Data.Span));
        Weights = Convert.ToHexStringLower(digest.GetHashAndReset())[..8];
        StepTime = Stopwatch.GetElapsedTime(0, stepTicks);
        Time = Stopwatch.GetElapsedTime(start);
    }

    /// <summary>What a checkpoint of the sample holds besides the optimizer's.</summary>
    private sealed record History(List<float> Losses, List<double> Accuracies);
}
