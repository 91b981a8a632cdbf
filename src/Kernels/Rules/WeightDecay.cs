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

    private WeightDecay(float strength, int kind) => (_strength, _kind) = (strength, kind);

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
        return Agreeing(parameter, parameter, direction);
    }

    /// <summary>What a step's weight decay is where it is a part of the direction, for <see cref="ToDirection"/> in place of <see cref="ToParameter{T}(T, T)"/>.</summary>
    /// <param name="weightDecay">Strength of the weight decay; 0 for none.</param>
    /// <param name="mode">How it works; one that is independent of the learning rate is no part of a direction.</param>
    internal static WeightDecay OfDirection(double weightDecay, WeightDecayMode mode) => mode switch
    {
        WeightDecayMode.Independent => default,
        // A rate that gives back the strength.
        WeightDecayMode.Cautious => new(-1, weightDecay, mode),
        WeightDecayMode.Decoupled when weightDecay != 0 => new((float)weightDecay, Factor),
        _ => new(1, weightDecay, mode),
    };

    /// <summary>The direction with the decay in it, which will be subtracted like the rest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T ToDirection<T>(T direction, T parameter) where T : struct, ILane<T> => _kind switch
    {
        Factor => direction.Add(parameter, _strength),
        Cautious => Agreeing(direction, parameter, direction),
        _ => direction,
    };

    /// <summary>Adds the parameter, times the strength, where a step along the direction makes it smaller, too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T Agreeing<T>(T to, T parameter, T direction) where T : struct, ILane<T>
    {
        // The product of signs is -1 where the step makes the weight larger, 0 or 1 elsewhere; the lesser of it and 0, and 1, is 0 or 1.
        var signs = parameter.Sign();
        var product = signs.Mul(0).AddCMul(signs, direction.Sign(), 1);
        var applies = product.Neg().Max(signs.Mul(0)).Neg().Add(1f);
        return to.AddCMul(applies, parameter, _strength);
    }
}
