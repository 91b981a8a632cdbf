using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Tests.Extensions;

/// <summary>Lion's update: the sign of an interpolated momentum. Source: Chen et al., 2023, arXiv:2302.06675, algorithm 2.</summary>
public readonly record struct LionRule(float OneMinusBeta1, float OneMinusBeta2, float DecayFactor, float MinusLearningRate) : IUpdateRule
{
    public static int StateCount => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T param, T grad, ref T expAvg, ref T unused1, ref T unused2) where T : struct, ILane<T>
    {
        param = param.Mul(DecayFactor);
        var update = expAvg.Lerp(grad, OneMinusBeta1).Sign();
        param = param.Add(update, MinusLearningRate);
        expAvg = expAvg.Lerp(grad, OneMinusBeta2);
    }
}
