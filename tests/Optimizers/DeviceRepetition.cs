using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Parameters of a device, with gradient buffers that stay.</summary>
internal sealed class DeviceRepetition(Device device) : IRepetition
{
    private readonly List<Parameter> _parameters = [];
    private Optimizer? _optimizer;

    public Optimizer Optimizer => _optimizer!;

    public void AddParameter<T>(string name, long[] shape, T[] start) where T : unmanaged => _parameters.Add(device.CreateParameter(name, shape, start));

    public void CreateOptimizer(OptimizerOptions options) => _optimizer = options.CreateOptimizer(_parameters);

    public void SetLearningRate(double rate) => Optimizer.Groups[0].LearningRate = rate;

    public void SetGradient<T>(int parameter, T[]? gradient) where T : unmanaged
    {
        _parameters[parameter].HasGradient = gradient is not null;
        if (gradient is not null)
            Of<T>(parameter).Gradient.CopyFrom(gradient);
    }

    public void Step() => Optimizer.Step();

    public T[] Read<T>(int parameter) where T : unmanaged => Of<T>(parameter).Data.ToArray();

    public void Write<T>(int parameter, T[] values) where T : unmanaged => Of<T>(parameter).Data.CopyFrom(values);

    public void Dispose() => _optimizer?.Dispose();

    private Parameter<T> Of<T>(int parameter) where T : unmanaged => (Parameter<T>)_parameters[parameter];
}
