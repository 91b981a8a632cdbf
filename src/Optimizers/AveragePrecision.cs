namespace GpuOptim.Optimizers;

/// <summary>The element type of a <see cref="WeightAverage"/>.</summary>
public enum AveragePrecision
{
    /// <summary>The parameter's, rounded to the nearest, as in PyTorch. Those of bfloat16 move only where a step is larger than half a place.</summary>
    SameAsParameter,

    /// <summary>Float.</summary>
    Float32,

    /// <summary>bfloat16, of float parameters, too, rounded at random: right on average, so small steps count.</summary>
    StochasticBFloat16,
}
