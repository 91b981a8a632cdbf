using GpuOptim.Benchmarks.Precision;
using GpuOptim.Host;
using GpuOptim.Samples.Mnist;

namespace GpuOptim.Benchmarks.Convergence;

/// <summary>The network of the MNIST sample, on one thread.</summary>
internal sealed class DigitLearner(Device device, TrainingPlan plan, Digits training, Digits test, int seed) : ILearner
{
    private readonly Perceptron _network = new(device, [plan.Hidden], plan.Batch, seed, threads: 1);

    public IReadOnlyList<Parameter<float>> Parameters => _network.Parameters;

    public float ForwardBackward(ReadOnlySpan<int> batch) => _network.ForwardBackward(training, batch);

    public double Accuracy() => _network.Evaluate(test).Accuracy;
}
