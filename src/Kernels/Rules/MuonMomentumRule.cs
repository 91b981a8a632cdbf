using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>The first half of Muon: the momentum moves, and the direction to orthogonalize is written out.</summary>
/// <remarks>Source: PyTorch 2.13, <c>torch/optim/_muon.py</c>, <c>_single_tensor_muon</c>.</remarks>
public readonly record struct MuonMomentumRule : IUpdateRule
{
    private readonly float _momentum;
    private readonly float _oneMinusMomentum;
    private readonly Flag _nesterov;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="momentum">Decay of the gradients' average.</param>
    /// <param name="nesterov">Look ahead along the momentum.</param>
    public MuonMomentumRule(double momentum, bool nesterov)
    {
        _momentum = (float)momentum;
        _oneMinusMomentum = (float)(1 - momentum);
        _nesterov = nesterov;
    }

    /// <inheritdoc/>
    public static int StateCount => 1;

    /// <summary>Updates one lane of the momentum buffer.</summary>
    /// <param name="direction">Becomes what is orthogonalized; what it was does not matter.</param>
    /// <param name="grad">The gradient.</param>
    /// <param name="momentumBuffer">The average of gradients.</param>
    /// <param name="unused1">Not in use.</param>
    /// <param name="unused2">Not in use.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T direction, T grad, ref T momentumBuffer, ref T unused1, ref T unused2) where T : struct, ILane<T>
    {
        momentumBuffer = momentumBuffer.Lerp(grad, _oneMinusMomentum);
        direction = _nesterov ? grad.Lerp(momentumBuffer, _momentum) : momentumBuffer;
    }
}
