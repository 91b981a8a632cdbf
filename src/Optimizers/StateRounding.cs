namespace GpuOptim.Optimizers;

/// <summary>How numbers of state that have fewer bits than floats are rounded.</summary>
public enum StateRounding
{
    /// <summary>To the nearest.</summary>
    Nearest,

    /// <summary>Up or down at random, up with the chance of how far up they are: right on average.</summary>
    Stochastic,
}
