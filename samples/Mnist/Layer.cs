using System.Numerics.Tensors;
using GpuOptim.Host;

namespace GpuOptim.Samples.Mnist;

/// <summary>A fully connected layer, <c>y = W x + b</c> for each sample of a batch, with its gradients: the engine's own code.</summary>
/// <remarks>Each thread works on rows of its own, so a run is the same to the last bit each time, however many threads there are.</remarks>
internal sealed class Layer
{
    private readonly ParallelOptions _threads;

    public Layer(Device device, string name, int inputs, int outputs, Random random, ParallelOptions threads)
    {
        (Inputs, Outputs, _threads) = (inputs, outputs, threads);
        // He initialisation, uniform: variance 2 / inputs.
        var bound = MathF.Sqrt(6f / inputs);
        float[] initial = [.. Enumerable.Range(0, inputs * outputs).Select(_ => (random.NextSingle() * 2 - 1) * bound)];
        Weight = device.CreateParameter<float>(name + ".weight", [outputs, inputs], initial);
        Bias = device.CreateParameter(name + ".bias", [outputs]);
    }

    public int Inputs { get; }

    public int Outputs { get; }

    public Parameter<float> Weight { get; }

    public Parameter<float> Bias { get; }

    /// <summary>Computes the outputs of a batch; input and output hold one sample after the other.</summary>
    public void Forward(float[] input, float[] output, int samples) => Parallel.For(0, Outputs, _threads, row =>
    {
        var weights = Weight.Data.Span.Slice(row * Inputs, Inputs);
        var bias = Bias.Data.Span[row];
        for (var sample = 0; sample < samples; sample++)
            output[sample * Outputs + row] = TensorPrimitives.Dot(weights, input.AsSpan(sample * Inputs, Inputs)) + bias;
    });

    /// <summary>Adds the batch's gradients to those of weight and bias.</summary>
    public void AccumulateGradients(float[] input, float[] outputGradient, int samples) => Parallel.For(0, Outputs, _threads, row =>
    {
        var gradient = Weight.Gradient.Span.Slice(row * Inputs, Inputs);
        ref var biasGradient = ref Bias.Gradient.Span[row];
        for (var sample = 0; sample < samples; sample++)
        {
            var slope = outputGradient[sample * Outputs + row];
            if (slope != 0)
                TensorPrimitives.MultiplyAdd(input.AsSpan(sample * Inputs, Inputs), slope, gradient, gradient);
            biasGradient += slope;
        }
    });

    /// <summary>Computes the gradient with respect to the input.</summary>
    public void Backward(float[] outputGradient, float[] inputGradient, int samples) => Parallel.For(0, samples, _threads, sample =>
    {
        var gradient = inputGradient.AsSpan(sample * Inputs, Inputs);
        gradient.Clear();
        for (var row = 0; row < Outputs; row++)
            TensorPrimitives.MultiplyAdd(Weight.Data.Span.Slice(row * Inputs, Inputs), outputGradient[sample * Outputs + row], gradient, gradient);
    });
}
