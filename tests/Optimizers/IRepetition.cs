using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Optimizers;

/// <summary>What a recorded run is repeated on: parameters wherever they lie, and an optimizer for them.</summary>
internal interface IRepetition : IDisposable
{
    /// <summary>The optimizer at work.</summary>
    Optimizer Optimizer { get; }

    /// <summary>Makes a parameter; they are known by the order in which they were made.</summary>
    void AddParameter<T>(string name, long[] shape, T[] start) where T : unmanaged;

    /// <summary>Makes the optimizer for the parameters.</summary>
    void CreateOptimizer(OptimizerOptions options);

    void SetLearningRate(double rate);

    /// <summary>Gives a parameter its gradient for the next step; null for none.</summary>
    void SetGradient<T>(int parameter, T[]? gradient) where T : unmanaged;

    void Step();

    /// <summary>A parameter's numbers.</summary>
    T[] Read<T>(int parameter) where T : unmanaged;

    /// <summary>Sets a parameter's numbers.</summary>
    void Write<T>(int parameter, T[] values) where T : unmanaged;
}
