using GpuOptim.Host;

namespace GpuOptim.Benchmarks.Precision;

/// <summary>Parameters of any type beside those of a network in float.</summary>
/// <typeparam name="T">Their type.</typeparam>
internal sealed class TrainedTensors<T> : ITrainedTensors where T : unmanaged
{
    private readonly IReadOnlyList<Parameter<float>> _network;
    private readonly Parameter<T>[] _parameters;
    private readonly Func<T, float> _show;
    private readonly Func<float, T> _round;

    /// <summary>Takes the network's weights.</summary>
    /// <param name="network">The network's parameters.</param>
    /// <param name="round">What becomes of first weights and of gradients.</param>
    /// <param name="show">What the network computes with.</param>
    public TrainedTensors(IReadOnlyList<Parameter<float>> network, Func<float, T> round, Func<T, float> show)
    {
        (_network, _round, _show) = (network, round, show);
        _parameters = [.. network.Select(own => own.Device.CreateParameter<T>(own.Name, [.. own.Shape], [.. own.Data.ToArray().Select(round)]))];
    }

    public IReadOnlyList<Parameter> Parameters => _parameters;

    public void Show()
    {
        foreach (var (own, parameter) in _network.Zip(_parameters))
        {
            var from = parameter.Data.Span;
            var to = own.Data.Span;
            for (var i = 0; i < to.Length; i++)
                to[i] = _show(from[i]);
        }
    }

    public void TakeGradients()
    {
        foreach (var (own, parameter) in _network.Zip(_parameters))
        {
            var from = own.Gradient.Span;
            var to = parameter.Gradient.Span;
            for (var i = 0; i < to.Length; i++)
                to[i] = _round(from[i]);
            from.Clear();
        }
    }
}
