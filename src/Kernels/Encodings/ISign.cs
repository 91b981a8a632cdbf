namespace GpuOptim.Kernels.Encodings;

/// <summary>Whether a <see cref="Dynamic8{TSign, TRounding}"/> has numbers below zero.</summary>
internal interface ISign
{
    static abstract bool IsSigned { get; }
}
