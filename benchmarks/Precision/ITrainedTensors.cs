using GpuOptim.Host;

namespace GpuOptim.Benchmarks.Precision;

/// <summary>What an optimizer trains of a network that computes in float.</summary>
internal interface ITrainedTensors
{
    /// <summary>The network's parameters, in the optimizer's types.</summary>
    IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Gives the network what the parameters are now.</summary>
    void Show();

    /// <summary>Takes the network's gradients, and leaves zeros there.</summary>
    void TakeGradients();
}
