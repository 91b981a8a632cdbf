namespace GpuOptim.Kernels.Encodings;

/// <summary>No code is below zero, as of a mean of squares: twice as many are left for each decade.</summary>
internal readonly struct Unsigned : ISign
{
    public static bool IsSigned => false;
}
