using System.Runtime.CompilerServices;
using GpuOptim.Host;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;
using GpuOptim.Optimizers;

namespace GpuOptim.Tests.Extensions;

/// <summary>Gradient descent by gradients of length 1: an optimizer that measures tensors, as people write theirs.</summary>
public sealed class Normalized(IEnumerable<Parameter> parameters, SgdOptions options)
    : TensorwiseOptimizer<SgdOptions, Normalized.GradientRule, Normalized.StepRule>(parameters, options, [])
{
    protected override GradientRule CreateRule(SgdOptions options, StepInfo step) => default;

    protected override StepRule CreateStepRule(SgdOptions options, StepInfo step) => new((float)options.LearningRate);

    public readonly record struct GradientRule : IUpdateRule
    {
        public static int StateCount => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T parameter, T gradient, ref T direction, ref T unused1, ref T unused2) where T : struct, ILane<T> => direction = gradient;
    }

    public readonly record struct StepRule(float Rate) : ITensorRule<StepRule>
    {
        public static int StateCount => 0;

        public StepRule For(double parameterSquares, double directionSquares, long length) => new((float)(Rate / Math.Sqrt(directionSquares)));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T parameter, T direction, ref T unused0, ref T unused1, ref T unused2) where T : struct, ILane<T> => parameter = parameter.Add(direction, -Rate);
    }
}
