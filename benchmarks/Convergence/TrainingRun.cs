using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Precision;
using GpuOptim.Host;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Benchmarks.Convergence;

/// <summary>What came of training a network once.</summary>
/// <param name="Losses">Mean loss of each batch, in nats.</param>
/// <param name="Accuracy">Share of held-out samples whose class it says at the end.</param>
/// <param name="NetworkSeconds">What each step's forward and backward pass took of the thread's time.</param>
/// <param name="OptimizerSeconds">What each step's update took of it.</param>
internal sealed record TrainingRun(double[] Losses, double Accuracy, double[] NetworkSeconds, double[] OptimizerSeconds)
{
    /// <summary>How many steps a mean loss is of: a tenth of all.</summary>
    public int Window => Math.Max(1, Losses.Length / 10);

    /// <summary>Mean loss of the last tenth of the steps; infinite if training broke down.</summary>
    public double FinalLoss => Losses.TakeLast(Window).Average() is var loss && double.IsFinite(loss) ? loss : double.PositiveInfinity;

    /// <summary>Trains, on one thread, so that runs can go on side by side.</summary>
    public static TrainingRun Of(LearningTask task, Contender contender, double rate, int seed)
    {
        using var device = new SimdDevice(threads: 1);
        var learner = task.Create(device, seed);
        using var optimizer = contender.Create(learner.Parameters, rate);
        var schedule = new CosineAnnealingLR(optimizer, task.Steps);
        var (losses, network, update) = (new double[task.Steps], new double[task.Steps], new double[task.Steps]);
        foreach (var (step, batch) in Batches.Shuffled(task.Count, task.Batch, task.Epochs, seed).Index())
        {
            var start = ThreadClock.Seconds;
            losses[step] = learner.ForwardBackward(batch);
            var middle = ThreadClock.Seconds;
            optimizer.Step();
            var end = ThreadClock.Seconds;
            (network[step], update[step]) = (middle - start, end - middle);
            optimizer.ZeroGradients();
            schedule.Step();
        }
        return new(losses, learner.Accuracy(), network, update);
    }
}
