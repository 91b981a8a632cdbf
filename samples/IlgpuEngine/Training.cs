using System.Globalization;
using GpuOptim.Host.Ilgpu;
using GpuOptim.Optimizers;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Samples.IlgpuEngine;

/// <summary>
/// The shape of an engine on ILGPU: its accelerator, its kernels, its buffers; the optimizer steps on them, on the same stream. Nothing
/// crosses to the host but the loss.
/// </summary>
public static class Training
{
    private const int Samples = 128, Units = 32, Steps = 600;

    /// <summary>Fits one period of a sine.</summary>
    public static void Run()
    {
        using var context = Context.Create(builder => builder.Cuda().CPU(new CPUDevice(4, 1, Environment.ProcessorCount)));
        using var accelerator = context.GetPreferredDevice(preferCPU: false).CreateAccelerator(context);
        Console.WriteLine($"on {accelerator.Name}");
        var hiddenKernel = accelerator.LoadAutoGroupedKernel<Index2D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView2D<float, Stride2D.DenseX>>(Kernels.Hidden);
        var errorKernel = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView2D<float, Stride2D.DenseX>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Kernels.Error);
        var gradientsKernel = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>, ArrayView2D<float, Stride2D.DenseX>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Kernels.Gradients);
        var lossKernel = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>, ArrayView<float>>(Kernels.Loss);
        using var stream = accelerator.CreateStream();

        float[] inputs = [.. Enumerable.Range(0, Samples).Select(i => 2f * i / (Samples - 1) - 1)];
        using var x = accelerator.Allocate1D(inputs);
        using var target = accelerator.Allocate1D<float>([.. inputs.Select(value => MathF.Sin(MathF.PI * value))]);
        using var hidden = accelerator.Allocate2DDenseX<float>(new Index2D(Samples, Units));
        using var error = accelerator.Allocate1D<float>(Samples);
        using var loss = accelerator.Allocate1D<float>(1);

        var random = new Random(1);
        using var device = new IlgpuDevice(accelerator, stream);
        using var weight = new Tensor(device, "hidden.weight", Numbers(Units, 2));
        using var bias = new Tensor(device, "hidden.bias", Numbers(Units, 1));
        using var outWeight = new Tensor(device, "output.weight", Numbers(Units, 0.5f));
        using var outBias = new Tensor(device, "output.bias", [0]);
        using var optimizer = new AdamW([weight.Parameter, bias.Parameter, outWeight.Parameter, outBias.Parameter], new() { LearningRate = 0.01, WeightDecay = 0 });

        for (var step = 0; step <= Steps; step++)
        {
            hiddenKernel(stream, new Index2D(Samples, Units), x.View, weight.Data.View, bias.Data.View, hidden.View);
            errorKernel(stream, Samples, hidden.View, outWeight.Data.View, outBias.Data.View, target.View, error.View);
            gradientsKernel(stream, Units, x.View, hidden.View, error.View, outWeight.Data.View, weight.Gradient.View, bias.Gradient.View, outWeight.Gradient.View, outBias.Gradient.View);
            if (step % 100 == 0)
            {
                lossKernel(stream, 1, error.View, loss.View);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {step,3}: mean squared error {loss.GetAsArray1D(stream)[0]:E2}"));
            }
            optimizer.Step();
        }

        float[] Numbers(int count, float bound) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2 - 1) * bound)];
    }
}
