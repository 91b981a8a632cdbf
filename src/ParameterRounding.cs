namespace GpuOptim;

/// <summary>What becomes of the new value of a bfloat16 parameter, which an update computes in float and bfloat16 has too few places for.</summary>
/// <remarks>A small step is less than half a place of its parameter and is lost to <see cref="Nearest"/>; all others keep it, each in its own way.</remarks>
public enum ParameterRounding
{
    /// <summary>Rounded to the nearest, as PyTorch does.</summary>
    Nearest,

    /// <summary>
    /// Rounded up or down at random, up with the chance of how far up it is: right on average, at no memory. As torchao's <c>bf16_stochastic_round</c> and llm.c.
    /// </summary>
    Stochastic,

    /// <summary>Rounded to the nearest, and what was lost is kept in a bfloat16 and added before the next update: 2 bytes an element. State <c>compensation</c>.</summary>
    Kahan,

    /// <summary>
    /// Rounded to the nearest, ties away from zero, and the lower 16 bits of the float are kept: an exact float parameter for 2 bytes an element. State
    /// <c>remainder</c>. As Apex's and TransformerEngine's <c>store_param_remainders</c>.
    /// </summary>
    MasterRemainder,

    /// <summary>The update works on a float copy, which the parameter is rounded from: 4 bytes an element. State <c>master</c>. Of float16 parameters, too.</summary>
    Master,
}
