namespace GpuOptim.Kernels;

/// <summary>The types of an elementwise update.</summary>
/// <param name="Element">The type of the parameter.</param>
/// <param name="Gradient">The type of the gradient.</param>
/// <param name="State">The type of the state.</param>
/// <param name="Compute">The type computed in: the state's, in which every operation rounds to it, or float, in which only what is stored is rounded.</param>
internal readonly record struct UpdateTypes(ElementType Element, ElementType Gradient, ElementType State, ElementType Compute);
