namespace GpuOptim.Optimizers;

/// <summary>How the numbers of an optimizer's state lie in memory.</summary>
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

    /// <summary>State is bfloat16, of float parameters, too, and the update is computed in float: 2 bytes an element.</summary>
    BFloat16,

    /// <summary>
    /// State is float16 with a power of two as scale for each 256 elements, and the update is computed in float: 2 bytes an element, three more places than
    /// bfloat16. State of that name, and another <c>..._scale</c>.
    /// </summary>
    Float16,

    /// <summary>
    /// State has 8 bits an element and a float scale for each 256, in the dynamic code of bitsandbytes, and the update is computed in float: a byte an element.
    /// State of that name, and another <c>..._scale</c>. Source: T. Dettmers et al., 2021, https://arxiv.org/abs/2110.02861.
    /// </summary>
    Blockwise8,
}
