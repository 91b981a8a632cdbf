namespace GpuOptim.Optimizers;

/// <summary>What an optimizer rounds to while it computes an update of 16-bit parameters.</summary>
public enum ComputePrecision
{
    /// <summary>
    /// Every operation rounds to the state's type: what PyTorch's optimizers do unless told otherwise, to the bit.
    /// </summary>
    SameAsState,

    /// <summary>
    /// Every operation is float, and what is stored is rounded once: what PyTorch's do with <c>fused=True</c>, to the bit. Faster and more
    /// accurate. With float state it is so in any case.
    /// </summary>
    Float32,
}
