namespace GpuOptim.Kernels.Encodings;

/// <summary>Half of the codes are below zero, as of a momentum.</summary>
internal readonly struct Signed : ISign
{
    public static bool IsSigned => true;
}
