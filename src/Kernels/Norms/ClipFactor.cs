using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Norms;

/// <summary>What gradients are multiplied by so that their norm is at most a given one: <c>min(1, maxNorm / (norm + 1e-6))</c>, each operation rounded to float.</summary>
/// <remarks>Source: PyTorch 2.13, <c>torch/nn/utils/clip_grad.py</c>; it divides a number by a tensor, which is the reciprocal times the number.</remarks>
internal static class ClipFactor
{
    public static TFloats Of<TFloats>(float norm, float maxNorm) where TFloats : unmanaged, IFloats<TFloats>
    {
        var reciprocal = TFloats.Divide(TFloats.Create(1), TFloats.Add(TFloats.Create(norm), TFloats.Create(1e-6f)));
        // The smaller of two: signs changed around a maximum, through which NaN goes.
        return TFloats.Negate(TFloats.Max(TFloats.Negate(TFloats.Multiply(reciprocal, TFloats.Create(maxNorm))), TFloats.Create(-1)));
    }
}
