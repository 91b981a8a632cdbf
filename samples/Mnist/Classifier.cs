using System.Numerics.Tensors;
using GpuOptim.Host;

namespace GpuOptim.Samples.Mnist;

/// <summary>Fully connected layers with ReLU between them, and classes with softmax and cross-entropy at the end.</summary>
internal sealed class Classifier
{
    private readonly int _classes;
    private readonly Layer[] _layers;
    private readonly float[][] _activations;
    private readonly float[][] _slopes;
    private readonly float[] _scores;

    /// <summary>Layers with random weights.</summary>
    /// <param name="device">Where their parameters lie.</param>
    /// <param name="widths">How many inputs there are, widths of the hidden layers, and how many classes there are.</param>
    /// <param name="batch">The most samples at once.</param>
    /// <param name="random">Of the weights.</param>
    /// <param name="threads">How many threads compute, -1 for all there are. The results are the same bits.</param>
    public Classifier(Device device, IReadOnlyList<int> widths, int batch, Random random, int threads = -1)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
        var hidden = widths.Count - 2;
        _classes = widths[^1];
        _layers = [.. Enumerable.Range(0, hidden + 1).Select(i => new Layer(device, i == hidden ? "output" : hidden == 1 ? "hidden" : $"hidden{i}", widths[i], widths[i + 1], random, parallel))];
        _activations = [.. widths.SkipLast(1).Select(width => new float[batch * width])];
        _slopes = [.. widths.Skip(1).SkipLast(1).Select(width => new float[batch * width])];
        _scores = new float[batch * _classes];
    }

    public IReadOnlyList<Parameter<float>> Parameters => [.. _layers.SelectMany(layer => new[] { layer.Weight, layer.Bias })];

    /// <summary>What the next call works on, one sample after the other.</summary>
    public float[] Input => _activations[0];

    /// <summary>Computes the mean loss of the input's samples, in nats, and adds its gradients to the parameters'.</summary>
    /// <param name="labels">The class of each sample.</param>
    /// <param name="inputGradient">Takes the gradient with respect to the input; null if nobody wants it.</param>
    public float ForwardBackward(ReadOnlySpan<byte> labels, float[]? inputGradient = null)
    {
        Forward(labels.Length);
        var loss = 0f;
        for (var i = 0; i < labels.Length; i++)
        {
            var scores = Scores(i);
            TensorPrimitives.SoftMax<float>(scores, scores);
            ref var probability = ref scores[labels[i]];
            loss -= MathF.Log(MathF.Max(probability, 1e-30f)) / labels.Length;
            // What remains is the gradient with respect to the scores: probabilities less the truth, divided by the batch.
            probability -= 1;
            TensorPrimitives.Divide(scores, labels.Length, scores);
        }

        var slopes = _scores;
        for (var layer = _layers.Length - 1; layer >= 0; layer--)
        {
            _layers[layer].AccumulateGradients(_activations[layer], slopes, labels.Length);
            var below = layer == 0 ? inputGradient : _slopes[layer - 1];
            if (below is null)
                break;
            _layers[layer].Backward(slopes, below, labels.Length);
            slopes = below;
            if (layer == 0)
                break;
            var activations = _activations[layer];
            for (var i = 0; i < activations.Length; i++)
            {
                if (activations[i] == 0)
                    slopes[i] = 0;
            }
        }
        return loss;
    }

    /// <summary>The sum of the losses of the input's samples, in nats, and how many of them have the highest score for the right class.</summary>
    /// <param name="labels">The class of each sample.</param>
    public (double Loss, int Right) Evaluate(ReadOnlySpan<byte> labels)
    {
        Forward(labels.Length);
        var (loss, right) = (0.0, 0);
        for (var i = 0; i < labels.Length; i++)
        {
            var scores = Scores(i);
            right += TensorPrimitives.IndexOfMax<float>(scores) == labels[i] ? 1 : 0;
            TensorPrimitives.SoftMax<float>(scores, scores);
            loss -= Math.Log(Math.Max(scores[labels[i]], 1e-30));
        }
        return (loss, right);
    }

    private Span<float> Scores(int sample) => _scores.AsSpan(sample * _classes, _classes);

    private void Forward(int samples)
    {
        for (var layer = 0; layer < _layers.Length - 1; layer++)
        {
            var output = _activations[layer + 1];
            _layers[layer].Forward(_activations[layer], output, samples);
            TensorPrimitives.Max(output, 0, output);
        }
        _layers[^1].Forward(_activations[^1], _scores, samples);
    }
}
