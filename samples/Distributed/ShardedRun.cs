using System.Diagnostics;
using GpuOptim.Distributed;
using GpuOptim.Optimizers;
using GpuOptim.Samples.Mnist;

namespace GpuOptim.Samples.Distributed;

/// <summary>Trains on all ranks: each has all of the network, and computes with its part of each batch.</summary>
internal static class ShardedRun
{
    /// <summary>Trains, and says what came of it, the same on all ranks.</summary>
    public static Outcome Train(ICommunicator communicator, Digits training, Settings settings)
    {
        var network = new Perceptron(communicator.Device, settings.Hidden, settings.Batch, settings.Seed);
        // Muon's matrices go to one rank each, whole; AdamW's tensors are cut among all.
        var sharding = new ShardedOptions { Reduction = GradientReduction.Mean, BucketBytes = 256 << 10, ReplicaCheckInterval = settings.Steps };
        using var optimizer = new ShardedOptimizer(communicator, network.Parameters, sharding, Recipe.Assignments);
        optimizer.GradientClipping = GradientClipping.ByNorm(Settings.MaxNorm);

        var order = settings.Order(training.Count);
        var (ticks, sent) = (0L, 0L);
        for (var step = 0; step < settings.Steps; step++)
        {
            network.ForwardBackward(training, settings.Part(order, step, communicator.Rank, communicator.Size));
            var (start, before) = (Stopwatch.GetTimestamp(), communicator.BytesSent());
            optimizer.Step();
            ticks += Stopwatch.GetTimestamp() - start;
            // With the last step ranks also compare digests of all parameters.
            if (step == 0)
                sent = communicator.BytesSent() - before;
            optimizer.ZeroGradients();
        }

        var all = communicator.Collect(Stopwatch.GetElapsedTime(0, ticks).TotalSeconds / settings.Steps, sent, optimizer.StateBytes);
        double[] Column(int index) => [.. all.Chunk(3).Select(each => each[index])];
        return new(communicator.Size, Column(0).Max(), Column(1), Column(2), Weights(network));
    }

    /// <summary>All weights of a network.</summary>
    public static float[] Weights(Perceptron network) => [.. network.Parameters.SelectMany(parameter => parameter.Data.ToArray())];
}
