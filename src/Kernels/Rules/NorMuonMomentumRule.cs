using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>The first part of NorMuon: the momentum, a decaying sum of gradients, moves, and the direction to orthogonalize is written out.</summary>
/// <remarks>Source: microsoft/dion, <c>dion/muon.py</c>, <c>muon_update_pre_orthogonalize</c>.</remarks>
public readonly record struct NorMuonMomentumRule : IUpdateRule
{
    private readonly float _momentum;
    private readonly Flag _nesterov;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="momentum">Decay of the gradients' sum.</param>
    /// <param name="nesterov">Look ahead along the momentum.</param>
    public NorMuonMomentumRule(double momentum, bool nesterov)
    {
        _momentum = (float)momentum;
        _nesterov = nesterov;
    }

    /// <inheritdoc/>
    public static int StateCount => 1;

    /// <summary>Updates one lane of the momentum.</summary>
    /// <param name="direction">Becomes what is orthogonalized; what it was does not matter.</param>
    /// <param name="grad">The gradient.</param>
    /// <param name="momentum">The sum of gradients.</param>
    /// <param name="unused1">Not in use.</param>
    /// <param name="unused2">Not in use.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T direction, T grad, ref T momentum, ref T unused1, ref T unused2) where T : struct, ILane<T>
    {
        momentum = momentum.Mul(_momentum).Add(grad, 1);
        direction = _nesterov ? momentum.Mul(_momentum).Add(grad, 1) : momentum;
    }
}
