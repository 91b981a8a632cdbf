using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Kernels;

/// <summary>The types of an elementwise update.</summary>
/// <param name="Element">The type of the parameter.</param>
/// <param name="Gradient">The type of the gradient.</param>
/// <param name="State">The type of the state, in memory.</param>
/// <param name="Compute">The type computed in: the state's, in which every operation rounds to it, or float, in which only what is stored is rounded.</param>
internal readonly record struct UpdateTypes(ElementType Element, ElementType Gradient, ElementType State, ElementType Compute)
{
    /// <summary>How parameters are rounded.</summary>
    public ParameterRounding Rounding { get; init; }

    /// <summary>How state is encoded.</summary>
    public StateEncoding Encoding { get; init; }

    /// <summary>A bit for each state that is never negative, which an encoding may make use of.</summary>
    public uint NonNegative { get; init; }

    /// <summary>Whether something is encoded.</summary>
    public bool IsEncoded => Rounding != ParameterRounding.Nearest || Encoding != StateEncoding.None;

    /// <summary>What a loop sees: what is encoded is float to it.</summary>
    public UpdateTypes Decoded => new(
        Rounding == ParameterRounding.Nearest ? Element : ElementType.Float32,
        Gradient,
        Encoding == StateEncoding.None ? State : ElementType.Float32,
        Compute);
}
