using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Samples.IlgpuEngine;

/// <summary>The engine's own kernels: a network from one number over a hidden layer with ReLU to one number, and its gradients.</summary>
public static class Kernels
{
    /// <summary>A thread for each sample and hidden unit.</summary>
    public static void Hidden(Index2D at, ArrayView<float> x, ArrayView<float> weight, ArrayView<float> bias, ArrayView2D<float, Stride2D.DenseX> hidden)
    {
        var sum = x[at.X] * weight[at.Y] + bias[at.Y];
        hidden[at] = sum > 0 ? sum : 0;
    }

    /// <summary>A thread for each sample: the output's error, which is the loss's gradient with respect to it, but for a factor.</summary>
    public static void Error(Index1D sample, ArrayView2D<float, Stride2D.DenseX> hidden, ArrayView<float> weight, ArrayView<float> bias, ArrayView<float> target, ArrayView<float> error)
    {
        var sum = bias[0];
        for (var unit = 0; unit < weight.IntLength; unit++)
            sum += hidden[sample, unit] * weight[unit];
        error[sample] = sum - target[sample];
    }

    /// <summary>A thread for each hidden unit: gradients of the mean squared error.</summary>
    public static void Gradients(
        Index1D unit,
        ArrayView<float> x,
        ArrayView2D<float, Stride2D.DenseX> hidden,
        ArrayView<float> error,
        ArrayView<float> outWeight,
        ArrayView<float> weightGradient,
        ArrayView<float> biasGradient,
        ArrayView<float> outWeightGradient,
        ArrayView<float> outBiasGradient)
    {
        float weight = 0, bias = 0, outer = 0, outerBias = 0;
        for (var sample = 0; sample < x.IntLength; sample++)
        {
            var slope = 2 * error[sample] / x.IntLength;
            outer += slope * hidden[sample, unit];
            outerBias += slope;
            if (hidden[sample, unit] > 0)
            {
                weight += slope * outWeight[unit] * x[sample];
                bias += slope * outWeight[unit];
            }
        }
        weightGradient[unit] = weight;
        biasGradient[unit] = bias;
        outWeightGradient[unit] = outer;
        if (unit == 0)
            outBiasGradient[0] = outerBias;
    }

    /// <summary>The mean of the squared errors, by one thread: a number for people.</summary>
    public static void Loss(Index1D index, ArrayView<float> error, ArrayView<float> loss)
    {
        var sum = 0f;
        for (var sample = 0; sample < error.IntLength; sample++)
            sum += error[sample] * error[sample];
        loss[index] = sum / error.IntLength;
    }
}
