using System.Numerics.Tensors;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Samples.Mnist;

namespace GpuOptim.Samples.Distributed;

/// <summary>The same training in one process: it computes each rank's gradients, and adds them up in the order of ranks.</summary>
internal static class SingleRun
{
    /// <summary>Trains, and returns the network.</summary>
    /// <param name="device">The device.</param>
    /// <param name="training">The digits.</param>
    /// <param name="settings">How.</param>
    /// <param name="ranks">Whose parts to add up.</param>
    public static Perceptron Train(Device device, Digits training, Settings settings, int ranks)
    {
        var network = new Perceptron(device, settings.Hidden, settings.Batch, settings.Seed);
        using var optimizer = new ModelOptimizer(network.Parameters, Recipe.Assignments);
        optimizer.GradientClipping = GradientClipping.ByNorm(Settings.MaxNorm);
        var order = settings.Order(training.Count);
        float[][] sums = [.. network.Parameters.Select(parameter => new float[parameter.Length])];
        for (var step = 0; step < settings.Steps; step++)
        {
            for (var rank = 0; rank < ranks; rank++)
            {
                optimizer.ZeroGradients();
                network.ForwardBackward(training, settings.Part(order, step, rank, ranks));
                foreach (var (sum, parameter) in sums.Zip(network.Parameters))
                {
                    if (rank == 0)
                        parameter.Gradient.CopyTo(sum);
                    else
                        TensorPrimitives.Add(sum, parameter.Gradient.Span, sum);
                }
            }
            foreach (var (sum, parameter) in sums.Zip(network.Parameters))
                TensorPrimitives.Multiply(sum, (float)(1.0 / ranks), parameter.Gradient.Span);
            optimizer.Step();
        }
        return network;
    }
}
