namespace GpuOptim.Optimizers;

/// <summary>The element type of an optimizer's state.</summary>
public enum StatePrecision
{
    /// <summary>
    /// State has the parameter's type, as in PyTorch. What the update is computed in is a choice of its own, <see cref="ComputePrecision"/>.
    /// </summary>
    SameAsParameter,

    /// <summary>
    /// State is float, and the update is computed in float; only the parameter is rounded, once. More accurate for 16-bit parameters,
    /// for 2 bytes more per element of state.
    /// </summary>
    Float32,
}
