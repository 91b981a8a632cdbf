using System.Numerics.Tensors;
using GpuOptim.Host;

namespace GpuOptim.Samples.Mnist;

/// <summary>A multilayer perceptron: pixels, a hidden layer with ReLU, ten classes with softmax and cross-entropy.</summary>
internal sealed class Perceptron
{
    private readonly Layer _hidden;
    private readonly Layer _output;
    private readonly float[] _pixels;
    private readonly float[] _activations;
    private readonly float[] _activationGradients;
    private readonly float[] _scores;

    public Perceptron(Device device, int hidden, int batch, int seed)
    {
        var random = new Random(seed);
        _hidden = new Layer(device, "hidden", Digits.Pixels, hidden, random);
        _output = new Layer(device, "output", hidden, Digits.Classes, random);
        _pixels = new float[batch * Digits.Pixels];
        _activations = new float[batch * hidden];
        _activationGradients = new float[batch * hidden];
        _scores = new float[batch * Digits.Classes];
    }

    public IReadOnlyList<Parameter<float>> Parameters => [_hidden.Weight, _hidden.Bias, _output.Weight, _output.Bias];

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

        _output.AccumulateGradients(_activations, _scores, batch.Length);
        _output.Backward(_scores, _activationGradients, batch.Length);
        for (var i = 0; i < _activations.Length; i++)
        {
            if (_activations[i] == 0)
                _activationGradients[i] = 0;
        }
        _hidden.AccumulateGradients(_pixels, _activationGradients, batch.Length);
        return loss;
    }

    /// <summary>The share of digits whose highest score is the right one.</summary>
    public double Accuracy(Digits digits)
    {
        var right = 0;
        var batchSize = _scores.Length / Digits.Classes;
        foreach (var batch in Enumerable.Range(0, digits.Count).Chunk(batchSize))
        {
            Forward(digits, batch);
            for (var i = 0; i < batch.Length; i++)
                right += TensorPrimitives.IndexOfMax<float>(Scores(i)) == digits.Labels[batch[i]] ? 1 : 0;
        }
        return (double)right / digits.Count;
    }

    private Span<float> Scores(int sample) => _scores.AsSpan(sample * Digits.Classes, Digits.Classes);

    private void Forward(Digits digits, ReadOnlySpan<int> batch)
    {
        for (var i = 0; i < batch.Length; i++)
            digits.Image(batch[i]).CopyTo(_pixels.AsSpan(i * Digits.Pixels));
        _hidden.Forward(_pixels, _activations, batch.Length);
        TensorPrimitives.Max(_activations, 0, _activations);
        _output.Forward(_activations, _scores, batch.Length);
    }
}
