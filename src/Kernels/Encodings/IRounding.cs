namespace GpuOptim.Kernels.Encodings;

/// <summary>To which of its two neighbours in an encoding a number goes.</summary>
internal interface IRounding
{
    /// <summary>Whether to either, by chance, so that the mean is the number; else to the nearest.</summary>
    static abstract bool IsStochastic { get; }
}
