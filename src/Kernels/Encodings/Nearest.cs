namespace GpuOptim.Kernels.Encodings;

/// <summary>Rounds to the nearest.</summary>
internal readonly struct Nearest : IRounding
{
    public static bool IsStochastic => false;
}
