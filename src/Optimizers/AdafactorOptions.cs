using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Hyper-parameters of <see cref="Adafactor"/>, with PyTorch's defaults.</summary>
public sealed record AdafactorOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public AdafactorOptions() => (LearningRate, WeightDecayMode) = (1e-2, WeightDecayMode.Decoupled);

    /// <summary>At update t, new squares have a share of t to this power in their average; 0 or less. PyTorch: <c>beta2_decay</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Above 0, or not finite.</exception>
    public double Beta2Decay
    {
        get;
        init => field = value <= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(Beta2Decay), value, "Beta2Decay must be finite and at most 0.");
    } = -0.8;

    /// <summary>
    /// The least root of an average that is divided by; 0 or more. Null, as at first: the distance from 1 to the next number of the type of the group's first parameter, as
    /// in PyTorch. PyTorch: <c>eps[0]</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double? Epsilon1 { get; init => field = value is { } epsilon ? NonNegative(epsilon) : null; }

    /// <summary>The least root mean square of a parameter, of which steps are shares; 0 or more. PyTorch: <c>eps[1]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Epsilon2 { get; init => field = NonNegative(value); } = 1e-3;

    /// <summary>The largest root mean square of a direction; 1 or more. PyTorch: <c>d</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less, or not finite.</exception>
    public double ClippingThreshold
    {
        get;
        init => field = value >= 1 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(ClippingThreshold), value, "ClippingThreshold must be finite and at least 1.");
    } = 1;

    /// <summary>Ascend instead of descend. PyTorch: <c>maximize</c>.</summary>
    public bool Maximize { get; init; }

    /// <inheritdoc/>
    public override Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new Adafactor(parameters, this);

    /// <inheritdoc/>
    protected internal override void Validate()
    {
        base.Validate();
        if (WeightDecayMode == WeightDecayMode.L2)
            throw new ArgumentException("WeightDecayMode must be Decoupled, Cautious or Independent for Adafactor: what is added to gradients is divided by their own size. Actual value was L2.", nameof(WeightDecayMode));
    }

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("beta2_decay", Beta2Decay);
        // The first one of two may be none.
        to.Add("eps", Epsilon1 is { } epsilon ? [epsilon, Epsilon2] : [Epsilon2]);
        to.Add("d", ClippingThreshold);
        to.Add("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from)
    {
        var epsilons = from.Numbers("eps");
        return (AdafactorOptions)base.Load(from) with
        {
            Beta2Decay = from.Number("beta2_decay"),
            Epsilon1 = epsilons.Count == 2 ? epsilons[0] : null,
            Epsilon2 = epsilons is [.., var last] and { Count: <= 2 } ? last : throw new InvalidDataException($"Hyper-parameter 'eps' must be one or two numbers. Actual number was {epsilons.Count}."),
            ClippingThreshold = from.Number("d"),
            Maximize = from.Flag("maximize"),
        };
    }
}
