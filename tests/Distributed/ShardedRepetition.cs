using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Tests.Optimizers;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Distributed;

/// <summary>One rank of a recorded run. Of each gradient it has some elements, and others have the rest.</summary>
internal sealed class ShardedRepetition(ICommunicator communicator, ShardedOptions sharding) : IRepetition
{
    private readonly List<Parameter> _parameters = [];
    private Optimizer? _optimizer;

    public Optimizer Optimizer => _optimizer!;

    public void AddParameter<T>(string name, long[] shape, T[] start) where T : unmanaged => _parameters.Add(communicator.Device.CreateParameter(name, shape, start));

    public void CreateOptimizer(OptimizerOptions options) => _optimizer = new ShardedOptimizer(communicator, options, _parameters, sharding);

    public void SetLearningRate(double rate) => Optimizer.Groups[0].LearningRate = rate;

    public void SetGradient<T>(int parameter, T[]? gradient) where T : unmanaged
    {
        _parameters[parameter].HasGradient = gradient is not null;
        if (gradient is not null)
            Of<T>(parameter).Gradient.CopyFrom(Share(gradient, communicator.Rank, communicator.Size));
    }

    public void Step() => Optimizer.Step();

    public T[] Read<T>(int parameter) where T : unmanaged => Of<T>(parameter).Data.ToArray();

    public void Write<T>(int parameter, T[] values) where T : unmanaged => Of<T>(parameter).Data.CopyFrom(values);

    public void Dispose() => _optimizer?.Dispose();

    /// <summary>What a rank has of a gradient, so that the sum of all is the gradient, to the last bit: elsewhere it has -0, to which any number adds unchanged.</summary>
    public static T[] Share<T>(ReadOnlySpan<T> gradient, int rank, int size) where T : unmanaged
    {
        var share = new T[gradient.Length];
        for (var i = 0; i < share.Length; i++)
            share[i] = i / 3 % size == rank ? gradient[i] : Bits.FromFloat<T>(-0f);
        return share;
    }

    private Parameter<T> Of<T>(int parameter) where T : unmanaged => (Parameter<T>)_parameters[parameter];
}
