using System.Numerics.Tensors;
using GpuOptim.Host;

namespace GpuOptim.Samples.Mnist;

/// <summary>A multilayer perceptron: pixels, hidden layers with ReLU, ten classes with softmax and cross-entropy.</summary>
internal sealed class Perceptron
{
    private readonly Layer[] _layers;
    private readonly float[] _pixels;
    private readonly float[][] _activations;
    private readonly float[][] _slopes;
    private readonly float[] _scores;

    /// <summary>A network with random weights.</summary>
    /// <param name="device">Where its parameters lie.</param>
    /// <param name="hidden">Widths of the hidden layers.</param>
    /// <param name="batch">The most digits at once.</param>
    /// <param name="seed">Of the weights.</param>
    /// <param name="threads">How many threads compute, -1 for all there are. The results are the same bits.</param>
    public Perceptron(Device device, IReadOnlyList<int> hidden, int batch, int seed, int threads = -1)
    {
        var random = new Random(seed);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
        int[] widths = [Digits.Pixels, .. hidden, Digits.Classes];
        _layers = [.. Enumerable.Range(0, hidden.Count + 1).Select(i => new Layer(device, i == hidden.Count ? "output" : hidden.Count == 1 ? "hidden" : $"hidden{i}", widths[i], widths[i + 1], random, parallel))];
        _pixels = new float[batch * Digits.Pixels];
        _activations = [.. hidden.Select(width => new float[batch * width])];
        _slopes = [.. hidden.Select(width => new float[batch * width])];
        _scores = new float[batch * Digits.Classes];
    }

    public IReadOnlyList<Parameter<float>> Parameters => [.. _layers.SelectMany(layer => new[] { layer.Weight, layer.Bias })];

    /// <summary>Computes the mean loss of some digits, in nats, and adds its gradients to the parameters'.</summary>
    public float ForwardBackward(Digits digits, ReadOnlySpan<int> batch)
    {
        Forward(digits, batch);
        var loss = 0f;
        for (var i = 0; i < batch.Length; i++)
        {
            var scores = Scores(i);
            TensorPrimitives.SoftMax<float>(scores, scores);
            ref var probability = ref scores[digits.Labels[batch[i]]];
            loss -= MathF.Log(MathF.Max(probability, 1e-30f)) / batch.Length;
            // What remains is the gradient with respect to the scores: probabilities less the truth, divided by the batch.
            probability -= 1;
            TensorPrimitives.Divide(scores, batch.Length, scores);
        }

        var slopes = _scores;
        for (var layer = _layers.Length - 1; layer >= 0; layer--)
        {
            _layers[layer].AccumulateGradients(Input(layer), slopes, batch.Length);
            if (layer == 0)
                break;
            _layers[layer].Backward(slopes, _slopes[layer - 1], batch.Length);
            slopes = _slopes[layer - 1];
            var activations = _activations[layer - 1];
            for (var i = 0; i < activations.Length; i++)
            {
                if (activations[i] == 0)
                    slopes[i] = 0;
            }
        }
        return loss;
    }

    /// <summary>The mean loss of some digits, in nats, and the share of them whose highest score is the right one.</summary>
    public (double Loss, double Accuracy) Evaluate(Digits digits)
    {
        var (loss, right) = (0.0, 0);
        var batchSize = _scores.Length / Digits.Classes;
        foreach (var batch in Enumerable.Range(0, digits.Count).Chunk(batchSize))
        {
            Forward(digits, batch);
            for (var i = 0; i < batch.Length; i++)
            {
                var scores = Scores(i);
                var label = digits.Labels[batch[i]];
                right += TensorPrimitives.IndexOfMax<float>(scores) == label ? 1 : 0;
                TensorPrimitives.SoftMax<float>(scores, scores);
                loss -= Math.Log(Math.Max(scores[label], 1e-30));
            }
        }
        return (loss / digits.Count, (double)right / digits.Count);
    }

    private Span<float> Scores(int sample) => _scores.AsSpan(sample * Digits.Classes, Digits.Classes);

    /// <summary>What a layer reads.</summary>
    private float[] Input(int layer) => layer == 0 ? _pixels : _activations[layer - 1];

    private void Forward(Digits digits, ReadOnlySpan<int> batch)
    {
        for (var i = 0; i < batch.Length; i++)
            digits.Image(batch[i]).CopyTo(_pixels.AsSpan(i * Digits.Pixels));
        for (var layer = 0; layer < _activations.Length; layer++)
        {
            _layers[layer].Forward(Input(layer), _activations[layer], batch.Length);
            TensorPrimitives.Max(_activations[layer], 0, _activations[layer]);
        }
        _layers[^1].Forward(_activations[^1], _scores, batch.Length);
    }
}
