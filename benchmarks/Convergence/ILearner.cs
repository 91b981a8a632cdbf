using GpuOptim.Host;

namespace GpuOptim.Benchmarks.Convergence;

/// <summary>A network, and what it learns.</summary>
internal interface ILearner
{
    /// <summary>What is trained; matrices between layers are called <c>hidden*.weight</c>.</summary>
    IReadOnlyList<Parameter<float>> Parameters { get; }

    /// <summary>Computes the mean loss of some samples, in nats, and adds its gradients to the parameters'.</summary>
    float ForwardBackward(ReadOnlySpan<int> batch);

    /// <summary>Share of samples it was not trained on whose class it says.</summary>
    double Accuracy();
}
