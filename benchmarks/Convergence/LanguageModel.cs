using System.Numerics.Tensors;
using GpuOptim.Host;
using GpuOptim.Samples.Mnist;

namespace GpuOptim.Benchmarks.Convergence;

/// <summary>Guesses a character from those before it: each is looked up in a table, and what stands there, side by side, goes through two hidden layers. On one thread.</summary>
/// <remarks>Y. Bengio et al., 2003, A Neural Probabilistic Language Model, with ReLU, and characters for words.</remarks>
internal sealed class LanguageModel : ILearner
{
    /// <summary>How many characters it sees.</summary>
    public const int Context = 16;

    /// <summary>Numbers for each.</summary>
    public const int Embedding = 16;

    private readonly Corpus _corpus;
    private readonly Parameter<float> _table;
    private readonly Classifier _classifier;
    private readonly float[] _inputGradient;
    private readonly byte[] _labels;

    /// <summary>A model with random weights.</summary>
    /// <param name="device">Where its parameters lie.</param>
    /// <param name="corpus">What it learns.</param>
    /// <param name="hidden">Width of the hidden layers.</param>
    /// <param name="batch">The most characters to guess at once.</param>
    /// <param name="seed">Of the weights.</param>
    public LanguageModel(Device device, Corpus corpus, int hidden, int batch, int seed)
    {
        var random = new Random(seed);
        _corpus = corpus;
        // Variance 1, as layers expect of what they read.
        _table = device.CreateParameter<float>("embed.weight", [corpus.Alphabet, Embedding], [.. Enumerable.Range(0, corpus.Alphabet * Embedding).Select(_ => (random.NextSingle() * 2 - 1) * MathF.Sqrt(3))]);
        _classifier = new(device, [Context * Embedding, hidden, hidden, corpus.Alphabet], batch, random, threads: 1);
        _inputGradient = new float[batch * Context * Embedding];
        _labels = new byte[batch];
    }

    public IReadOnlyList<Parameter<float>> Parameters => [_table, .. _classifier.Parameters];

    public float ForwardBackward(ReadOnlySpan<int> batch)
    {
        var loss = _classifier.ForwardBackward(Show(_corpus.Training, batch), _inputGradient);
        var gradient = _table.Gradient.Span;
        for (var i = 0; i < batch.Length; i++)
        {
            var seen = Before(_corpus.Training[batch[i]]);
            for (var j = 0; j < Context; j++)
            {
                var row = gradient.Slice(seen[j] * Embedding, Embedding);
                TensorPrimitives.Add(row, _inputGradient.AsSpan((i * Context + j) * Embedding, Embedding), row);
            }
        }
        return loss;
    }

    public double Accuracy()
    {
        var right = 0;
        foreach (var batch in Enumerable.Range(0, _corpus.HeldOut.Length).Chunk(_labels.Length))
            right += _classifier.Evaluate(Show(_corpus.HeldOut, batch)).Right;
        return (double)right / _corpus.HeldOut.Length;
    }

    private ReadOnlySpan<byte> Before(int place) => _corpus.Characters.AsSpan(place - Context, Context);

    /// <summary>Gives the layers what stands before some places.</summary>
    /// <returns>What stands there.</returns>
    private ReadOnlySpan<byte> Show(int[] places, ReadOnlySpan<int> batch)
    {
        var table = _table.Data.Span;
        for (var i = 0; i < batch.Length; i++)
        {
            var place = places[batch[i]];
            var seen = Before(place);
            for (var j = 0; j < Context; j++)
                table.Slice(seen[j] * Embedding, Embedding).CopyTo(_classifier.Input.AsSpan((i * Context + j) * Embedding));
            _labels[i] = _corpus.Characters[place];
        }
        return _labels.AsSpan(0, batch.Length);
    }
}
