namespace GpuOptim.Optimizers;

/// <summary>The element type of an optimizer's state.</summary>
public enum StatePrecision
{
    /// <summary>
    /// State has the parameter's type, and every operation rounds to it: what PyTorch does, to the bit.
    /// </summary>
    SameAsParameter,

    /// <summary>
    /// State is float, and the update is computed in float; only the parameter is rounded, once. More accurate for 16-bit parameters,
    /// for 2 bytes more per element of state.
    /// </summary>
    Float32,
}
