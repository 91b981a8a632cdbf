using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Averaged SGD: gradient descent with a decaying step size, and an average of the parameters that it goes through.</summary>
/// <remarks>Source: PyTorch 2.14, <c>torch/optim/asgd.py</c>, <c>_single_tensor_asgd</c>.</remarks>
public readonly record struct AsgdRule : IUpdateRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _decay, _minusEta, _mu;
    private readonly Flag _maximize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="eta">Step size.</param>
    /// <param name="mu">The parameter's share of the average; at 1 the average is the parameter.</param>
    /// <param name="lambda">Decay: the step size times this is taken of the parameter.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public AsgdRule(double eta, double mu, double lambda, double weightDecay, WeightDecayMode mode, bool maximize)
    {
        _weightDecay = new(eta, weightDecay, mode);
        _decay = (float)(1 - lambda * eta);
        _minusEta = (float)-eta;
        _mu = (float)mu;
        _maximize = maximize;
    }

    /// <inheritdoc/>
    public static int StateCount => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T ax, ref T unused1, ref T unused2) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        param = _weightDecay.ToParameter(param, grad).Mul(_decay).Add(grad, _minusEta);
        ax = _mu == 1 ? param : ax.Add(param.Add(ax, -1).Mul(_mu), 1);
    }
}
