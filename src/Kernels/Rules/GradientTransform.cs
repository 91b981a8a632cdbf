using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>What is done to gradients before a rule sees them, each operation rounded as PyTorch's: unscaled, then taken down to a norm, then held within limits.</summary>
/// <remarks>The two factors are first: a device that finds them on its own writes them there.</remarks>
/// <param name="InverseScale">What a loss scale is undone by; 1 changes nothing.</param>
/// <param name="ClipCoefficient">What takes them down to a norm; 1 changes nothing.</param>
/// <param name="Limit">The largest size; infinite changes nothing.</param>
internal readonly record struct GradientTransform(float InverseScale, float ClipCoefficient, float Limit)
{
    private readonly Flag _hasLimit = float.IsFinite(Limit);

    /// <summary>The gradient as the rule sees it. NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T gradient) where T : struct, ILane<T>
    {
        gradient = gradient.Mul(InverseScale).Mul(ClipCoefficient);
        if (!_hasLimit)
            return gradient;
        // Lanes have no constants and no minimum: a zero moved to the lower limit, and signs changed around a maximum.
        var lower = gradient.Sign().Mul(0).Add(-Limit);
        return gradient.Max(lower).Neg().Max(lower).Neg();
    }
}
