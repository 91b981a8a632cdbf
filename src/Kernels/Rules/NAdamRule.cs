using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>NAdam: Adam that looks ahead along the momentum, as Nesterov's does.</summary>
/// <remarks>Source: PyTorch 2.14, <c>torch/optim/nadam.py</c>, <c>_single_tensor_nadam</c>.</remarks>
public readonly record struct NAdamRule : IUpdateRule
{
    private readonly WeightDecay _weightDecay;
    private readonly float _oneMinusBeta1, _beta2, _oneMinusBeta2, _biasCorrection2, _epsilon, _gradientStep, _momentumStep;
    private readonly Flag _maximize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="step">Which update of the parameter this is, from 1.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="beta1">Decay of the gradients' average.</param>
    /// <param name="beta2">Decay of the squares' average.</param>
    /// <param name="epsilon">Added to the root, for numerical stability.</param>
    /// <param name="momentumDecay">How fast the momentum nears <paramref name="beta1"/>, half of which it begins with.</param>
    /// <param name="muProduct">The product of all momenta so far, this step's included.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public NAdamRule(
        long step,
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double momentumDecay,
        double muProduct,
        double weightDecay,
        WeightDecayMode mode,
        bool maximize)
    {
        double mu = Momentum(step, beta1, momentumDecay), muNext = Momentum(step + 1, beta1, momentumDecay);

        _weightDecay = new(learningRate, weightDecay, mode);
        _oneMinusBeta1 = (float)(1 - beta1);
        _beta2 = (float)beta2;
        _oneMinusBeta2 = (float)(1 - beta2);
        _biasCorrection2 = (float)(1 - Math.Pow(beta2, step));
        _epsilon = (float)epsilon;
        _gradientStep = (float)(-learningRate * (1 - mu) / (1 - muProduct));
        _momentumStep = (float)(-learningRate * muNext / (1 - muProduct * muNext));
        _maximize = maximize;
    }

    /// <inheritdoc/>
    public static int StateCount => 2;

    /// <summary>The momentum of a step.</summary>
    /// <param name="step">Which update of the parameter it is, from 1.</param>
    /// <param name="beta1">What it nears.</param>
    /// <param name="momentumDecay">How fast.</param>
    public static double Momentum(long step, double beta1, double momentumDecay) => beta1 * (1 - 0.5 * Math.Pow(0.96, step * momentumDecay));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T expAvg, ref T expAvgSq, ref T unused2) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        expAvg = expAvg.Lerp(grad, _oneMinusBeta1);
        expAvgSq = expAvgSq.Mul(_beta2).AddCMul(grad, grad, _oneMinusBeta2);
        var denom = expAvgSq.Div(_biasCorrection2).Sqrt().Add(_epsilon);

        var ascent = grad.Mul(_gradientStep).Add(expAvg, _momentumStep);
        param = _weightDecay.ToParameter(param, ascent.Neg()).AddCDiv(grad, denom, _gradientStep).AddCDiv(expAvg, denom, _momentumStep);
    }
}
