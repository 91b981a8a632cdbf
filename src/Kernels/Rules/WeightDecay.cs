using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Rules.Variants;

namespace GpuOptim.Kernels.Rules;

/// <summary>A step's weight decay, part of a rule: <see cref="ToGradient{T}(T, T)"/> before the gradient is used, <see cref="ToParameter{T}(T, T)"/> before the parameter moves.</summary>
public readonly record struct WeightDecay
{
    /// <summary>How it works, as bits of a rule's switches.</summary>
    internal const int None = 0, L2 = 1, Factor = 2, Cautious = 3, Kinds = 3;

    private readonly float _strength;
    private readonly int _kind;

    /// <summary>Folds the constants of one step.</summary>
    /// <param name="learningRate">Step size.</param>
    /// <param name="weightDecay">Strength of the weight decay; 0 for none.</param>
    /// <param name="mode">How it works.</param>
    public WeightDecay(double learningRate, double weightDecay, WeightDecayMode mode) => (_strength, _kind) = mode switch
    {
        _ when weightDecay == 0 => (0, None),
        WeightDecayMode.L2 => ((float)weightDecay, L2),
        WeightDecayMode.Decoupled => ((float)(1 - learningRate * weightDecay), Factor),
        WeightDecayMode.Cautious => ((float)-(learningRate * weightDecay), Cautious),
        WeightDecayMode.Independent => ((float)(1 - weightDecay), Factor),
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, $"mode must be one of {string.Join(", ", Enum.GetNames<WeightDecayMode>())}."),
    };

    /// <summary>How it works.</summary>
    internal int Kind => _kind;

    /// <summary>The gradient with an L2 penalty's.</summary>
    /// <param name="gradient">The gradient.</param>
    /// <param name="parameter">The parameter.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T ToGradient<T>(T gradient, T parameter) where T : struct, ILane<T> => ToGradient<T, StoredSwitches>(gradient, parameter);

    /// <summary>The same, with the kind, among others, in switches that may be known when the loop is compiled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T ToGradient<T, TSwitches>(T gradient, T parameter)
        where T : struct, ILane<T>
        where TSwitches : struct, ISwitches => (TSwitches.Of(_kind) & Kinds) == L2 ? gradient.Add(parameter, _strength) : gradient;

    /// <summary>The parameter, decayed apart from the gradient.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="direction">What will be subtracted from it, or anything of the same signs.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T ToParameter<T>(T parameter, T direction) where T : struct, ILane<T> => ToParameter<T, StoredSwitches>(parameter, direction);

    /// <summary>The same, with the kind, among others, in switches that may be known when the loop is compiled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T ToParameter<T, TSwitches>(T parameter, T direction)
        where T : struct, ILane<T>
        where TSwitches : struct, ISwitches
    {
        if ((TSwitches.Of(_kind) & Kinds) == Factor)
            return parameter.Mul(_strength);
        if ((TSwitches.Of(_kind) & Kinds) != Cautious)
            return parameter;
        // The product of signs is -1 where the step makes the weight larger, 0 or 1 elsewhere; the lesser of it and 0, and 1, is 0 or 1.
        var signs = parameter.Sign();
        var product = signs.Mul(0).AddCMul(signs, direction.Sign(), 1);
        var applies = product.Neg().Max(signs.Mul(0)).Neg().Add(1f);
        return parameter.AddCMul(applies, parameter, _strength);
    }
}
