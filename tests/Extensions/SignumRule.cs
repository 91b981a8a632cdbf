using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Tests.Extensions;

/// <summary>Signum's update: the sign of the momentum. Source: Bernstein et al., 2018, arXiv:1802.04434, algorithm 2.</summary>
public readonly record struct SignumRule(float OneMinusBeta, float DecayFactor, float MinusLearningRate) : IUpdateRule
{
    public static int StateCount => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T momentum, ref T unused1, ref T unused2) where T : struct, ILane<T>
    {
        momentum = momentum.Lerp(grad, OneMinusBeta);
        param = param.Mul(DecayFactor).Add(momentum.Sign(), MinusLearningRate);
    }
}
