using GpuOptim.Host;

namespace GpuOptim.Samples.Mnist;

/// <summary>A multilayer perceptron: pixels, hidden layers, ten classes.</summary>
internal sealed class Perceptron
{
    private readonly Classifier _classifier;
    private readonly byte[] _labels;

    /// <summary>A network with random weights.</summary>
    /// <param name="device">Where its parameters lie.</param>
    /// <param name="hidden">Widths of the hidden layers.</param>
    /// <param name="batch">The most digits at once.</param>
    /// <param name="seed">Of the weights.</param>
    /// <param name="threads">How many threads compute, -1 for all there are. The results are the same bits.</param>
    public Perceptron(Device device, IReadOnlyList<int> hidden, int batch, int seed, int threads = -1)
    {
        _classifier = new(device, [Digits.Pixels, .. hidden, Digits.Classes], batch, new(seed), threads);
        _labels = new byte[batch];
    }

    public IReadOnlyList<Parameter<float>> Parameters => _classifier.Parameters;

    /// <summary>Computes the mean loss of some digits, in nats, and adds its gradients to the parameters'.</summary>
    public float ForwardBackward(Digits digits, ReadOnlySpan<int> batch) => _classifier.ForwardBackward(Show(digits, batch));

    /// <summary>The mean loss of some digits, in nats, and the share of them whose highest score is the right one.</summary>
    public (double Loss, double Accuracy) Evaluate(Digits digits)
    {
        var (loss, right) = (0.0, 0);
        foreach (var batch in Enumerable.Range(0, digits.Count).Chunk(_labels.Length))
        {
            var part = _classifier.Evaluate(Show(digits, batch));
            loss += part.Loss;
            right += part.Right;
        }
        return (loss / digits.Count, (double)right / digits.Count);
    }

    /// <summary>Gives the network some digits.</summary>
    /// <returns>What they are.</returns>
    private ReadOnlySpan<byte> Show(Digits digits, ReadOnlySpan<int> batch)
    {
        for (var i = 0; i < batch.Length; i++)
        {
            digits.Image(batch[i]).CopyTo(_classifier.Input.AsSpan(i * Digits.Pixels));
            _labels[i] = digits.Labels[batch[i]];
        }
        return _labels.AsSpan(0, batch.Length);
    }
}
