using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>RMSprop, plain or centered, with or without momentum.</summary>
/// <remarks>Source: PyTorch 2.13, <c>torch/optim/rmsprop.py</c>, <c>_single_tensor_rmsprop</c>.</remarks>
public readonly record struct RmsPropRule : IUpdateRule
{
    private readonly float _alpha;
    private readonly float _oneMinusAlpha;
    private readonly float _epsilon;
    private readonly WeightDecay _weightDecay;
    private readonly float _momentum;
    private readonly float _minusLearningRate;
    private readonly Flag _hasMomentum;
    private readonly Flag _centered;
    private readonly Flag _maximize;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="learningRate">Step size.</param>
    /// <param name="alpha">Smoothing constant of the squares' average.</param>
    /// <param name="epsilon">Added to the root, for numerical stability.</param>
    /// <param name="weightDecay">Strength of the weight decay.</param>
    /// <param name="mode">How it works.</param>
    /// <param name="momentum">Momentum; 0 for none.</param>
    /// <param name="centered">Divide by an estimate of the standard deviation.</param>
    /// <param name="maximize">Ascend instead of descend.</param>
    public RmsPropRule(double learningRate, double alpha, double epsilon, double weightDecay, WeightDecayMode mode, double momentum, bool centered, bool maximize)
    {
        _alpha = (float)alpha;
        _oneMinusAlpha = (float)(1 - alpha);
        _epsilon = (float)epsilon;
        _weightDecay = new(learningRate, weightDecay, mode);
        _momentum = (float)momentum;
        _minusLearningRate = (float)-learningRate;
        _hasMomentum = momentum != 0;
        _centered = centered;
        _maximize = maximize;
    }

    /// <inheritdoc/>
    public static int StateCount => 3;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T squareAvg, ref T gradAvg, ref T momentumBuffer) where T : struct, ILane<T>
    {
        if (_maximize)
            grad = grad.Neg();
        grad = _weightDecay.ToGradient(grad, param);

        squareAvg = squareAvg.Mul(_alpha).AddCMul(grad, grad, _oneMinusAlpha);

        T avg;
        if (_centered)
        {
            gradAvg = gradAvg.Lerp(grad, _oneMinusAlpha);
            avg = squareAvg.AddCMul(gradAvg, gradAvg, -1).Sqrt();
        }
        else
        {
            avg = squareAvg.Sqrt();
        }
        avg = avg.Add(_epsilon);

        if (_hasMomentum)
        {
            momentumBuffer = momentumBuffer.Mul(_momentum).AddCDiv(grad, avg, 1);
            param = _weightDecay.ToParameter(param, momentumBuffer).Add(momentumBuffer, _minusLearningRate);
        }
        else
        {
            param = _weightDecay.ToParameter(param, grad).AddCDiv(grad, avg, _minusLearningRate);
        }
    }
}
