using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules.Variants;

namespace GpuOptim.Kernels.Rules;

/// <summary>The second half of Muon: the parameter decays and moves along the orthogonalized direction.</summary>
/// <remarks>Source: PyTorch 2.13, <c>torch/optim/_muon.py</c>, <c>_single_tensor_muon</c>.</remarks>
public readonly record struct MuonUpdateRule : ISwitchedRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _minusAdjustedLearningRate;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="learningRate">Step size.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works; not L2, which would have been the direction's.</param>
    /// <param name="ratio">What the step size is multiplied by for matrices of this shape; the decay is not.</param>
    public MuonUpdateRule(double learningRate, double weightDecay, WeightDecayMode mode, double ratio)
    {
        _weightDecay = new(learningRate, weightDecay, mode);
        _minusAdjustedLearningRate = (float)(-learningRate * ratio);
    }

    /// <inheritdoc/>
    public static int StateCount => 0;

    /// <summary>Updates one lane of the parameter.</summary>
    /// <param name="param">The parameter.</param>
    /// <param name="update">The orthogonalized direction.</param>
    /// <param name="unused0">Not in use.</param>
    /// <param name="unused1">Not in use.</param>
    /// <param name="unused2">Not in use.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T update, ref T unused0, ref T unused1, ref T unused2) where T : struct, ILane<T> =>
        Update<T, StoredSwitches>(ref param, update);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int ISwitchedRule.StatesOf(int switches) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void ISwitchedRule.Apply<T, TSwitches>(ref T param, T update, ref T unused0, ref T unused1, ref T unused2) => Update<T, TSwitches>(ref param, update);

    internal void Visit<TVisitor>(ref TVisitor visitor) where TVisitor : IRuleVisitor
    {
        if (_weightDecay.Kind == WeightDecay.None)
            visitor.Visit<RuleVariant<MuonUpdateRule, NoDecay>>();
        else if (_weightDecay.Kind == WeightDecay.Factor)
            visitor.Visit<RuleVariant<MuonUpdateRule, FactorDecay>>();
        else
            visitor.Visit<MuonUpdateRule>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Update<T, TSwitches>(ref T param, T update)
        where T : struct, ILane<T>
        where TSwitches : struct, ISwitches =>
        param = _weightDecay.ToParameter<T, TSwitches>(param, update).Add(update, _minusAdjustedLearningRate);
}
