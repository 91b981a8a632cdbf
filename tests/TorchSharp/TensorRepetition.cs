using System.Runtime.InteropServices;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Optimizers;
using GpuOptim.TorchSharp;
using TorchSharp;
using Parameter = TorchSharp.Modules.Parameter;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>TorchSharp's parameters, whose gradients are new tensors, elsewhere, at each step.</summary>
internal sealed class TensorRepetition : IRepetition
{
    private readonly List<(string Name, Parameter Tensor)> _parameters = [];
    private TorchOptimizer<Optimizer>? _optimizer;

    public Optimizer Optimizer => _optimizer!.Inner;

    public void AddParameter<T>(string name, long[] shape, T[] start) where T : unmanaged => _parameters.Add((name, torch.nn.Parameter(Tensor(shape, start))));

    public void CreateOptimizer(OptimizerOptions options)
    {
        // It gets as many threads as libtorch has.
        torch.set_num_threads(3);
        _optimizer = _parameters.Optimizer(options);
        torch.set_num_threads(1);
    }

    public void SetLearningRate(double rate) => _optimizer!.ParamGroups.Single().LearningRate = rate;

    public void SetGradient<T>(int parameter, T[]? gradient) where T : unmanaged =>
        _parameters[parameter].Tensor.grad = gradient is null ? null : Tensor(_parameters[parameter].Tensor.shape, gradient);

    public void Step() => _optimizer!.step();

    public T[] Read<T>(int parameter) where T : unmanaged => MemoryMarshal.Cast<byte, T>(_parameters[parameter].Tensor.bytes).ToArray();

    public void Write<T>(int parameter, T[] values) where T : unmanaged => MemoryMarshal.AsBytes(values).CopyTo(_parameters[parameter].Tensor.bytes);

    public void Dispose() => _optimizer?.Dispose();

    private static torch.Tensor Tensor<T>(long[] shape, T[] values) where T : unmanaged
    {
        var type = typeof(T) == typeof(float) ? torch.float32 : typeof(T) == typeof(BFloat16) ? torch.bfloat16 : torch.float16;
        var tensor = torch.empty(shape, type);
        MemoryMarshal.AsBytes<T>(values).CopyTo(tensor.bytes);
        return tensor;
    }
}
