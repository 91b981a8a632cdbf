namespace GpuOptim.Kernels.Encodings;

/// <summary>Rounds up as often as a number is near to what lies above it. What changes by less than a step then still moves, on the average.</summary>
internal readonly struct Stochastic : IRounding
{
    public static bool IsStochastic => true;
}
