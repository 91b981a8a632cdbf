using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Schedules;
using GpuOptim.Samples.Mnist;

namespace GpuOptim.Benchmarks.Precision;

/// <summary>Trains the network of the MNIST sample in one mode, on one thread, so that runs can go on side by side.</summary>
/// <param name="mode">How numbers are kept.</param>
/// <param name="plan">How it is trained.</param>
/// <param name="seed">Of initial weights, order and random roundings.</param>
internal sealed class DigitRun(TrainingMode mode, TrainingPlan plan, int seed) : IDisposable
{
    private readonly SimdDevice _device = new(threads: 1);

    public TrainingMode Mode => mode;

    /// <summary>The parameters as the network sees them.</summary>
    public Perceptron Network => field ??= new(_device, [plan.Hidden], plan.Batch, seed, threads: 1);

    /// <summary>What the optimizer trains.</summary>
    public ITrainedTensors Tensors => field ??= Keep(Network.Parameters);

    /// <summary>The optimizer, which has made no step yet.</summary>
    public Optimizer Optimizer => field ??= Create(Tensors.Parameters);

    /// <summary>Losses of the batches, in order.</summary>
    public List<float> Losses { get; } = [];

    /// <summary>Trains.</summary>
    /// <param name="digits">What it learns from.</param>
    /// <param name="stepped">Called after each step.</param>
    public void Train(Digits digits, Action? stepped = null)
    {
        var schedule = new CosineAnnealingLR(Optimizer, plan.Steps);
        Tensors.Show();
        foreach (var batch in Batches.Shuffled(plan.Digits, plan.Batch, plan.Epochs, seed))
        {
            Losses.Add(Network.ForwardBackward(digits, batch));
            Tensors.TakeGradients();
            Optimizer.Step();
            schedule.Step();
            stepped?.Invoke();
            Tensors.Show();
        }
    }

    /// <summary>What the network can do with the parameters as they are.</summary>
    public Outcome Evaluate(Digits training, Digits test)
    {
        Tensors.Show();
        return new(Network.Evaluate(training).Loss, Network.Evaluate(test).Accuracy);
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        _device.Dispose();
    }

    private static float ToBFloat16(float value) => (BFloat16)value;

    private ITrainedTensors Keep(IReadOnlyList<Parameter<float>> network) => (mode.ParameterType, mode.NetworkIsBFloat16) switch
    {
        (ElementType.BFloat16, _) => new TrainedTensors<BFloat16>(network, value => (BFloat16)value, value => value),
        (_, true) => new TrainedTensors<float>(network, ToBFloat16, ToBFloat16),
        _ => new TrainedTensors<float>(network, value => value, value => value),
    };

    private Optimizer Create(IReadOnlyList<Parameter> parameters)
    {
        var adamW = mode.Apply(new AdamWOptions { LearningRate = 1e-3, WeightDecay = 0.05, Beta2 = plan.Beta2 }, seed);
        if (!plan.IsMuon)
            return adamW.CreateOptimizer(parameters);
        var muon = mode.Apply(new MuonOptions { LearningRate = 0.01, WeightDecay = 0.1 }, seed);
        return new ModelOptimizer(parameters, Assignment.Named("hidden.weight", muon), Assignment.Rest(adamW));
    }
}
