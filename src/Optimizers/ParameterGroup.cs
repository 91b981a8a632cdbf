using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Parameters that share hyper-parameters.</summary>
public abstract class ParameterGroup
{
    private protected ParameterGroup(IReadOnlyList<Parameter> parameters) => Parameters = parameters;

    /// <summary>The parameters, in the order in which they were given.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The hyper-parameters, whatever their kind.</summary>
    internal abstract OptimizerOptions AnyOptions { get; set; }

    /// <summary>Step size of the group, for the steps to come.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public abstract double LearningRate { get; set; }

    /// <summary>What the step size was when the group's first schedule was made; null before.</summary>
    internal double? InitialLearningRate { get; set; }

    /// <summary>Sets the momentum for the steps to come.</summary>
    internal void SetMomentum(double momentum) => AnyOptions = AnyOptions.WithMomentum(momentum)!;

    /// <summary>Refuses groups whose momentum could not be set.</summary>
    /// <exception cref="ArgumentException">There is one.</exception>
    internal static void ThrowIfWithoutMomentum(IReadOnlyList<ParameterGroup> groups)
    {
        foreach (var group in groups)
        {
            if (group.AnyOptions.WithMomentum(0.5) is null)
                throw new ArgumentException($"The optimizer must have momentum for it to cycle; {group.AnyOptions.GetType().Name} have none. Set cyclesMomentum to false.");
        }
    }
}

/// <summary>Parameters that share hyper-parameters of one kind.</summary>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
public sealed class ParameterGroup<TOptions> : ParameterGroup where TOptions : OptimizerOptions
{
    internal ParameterGroup(IReadOnlyList<Parameter> parameters, TOptions options)
        : base(parameters) => Options = options;

    /// <summary>The hyper-parameters, for the steps to come: <c>group.Options = group.Options with { … }</c>.</summary>
    /// <exception cref="ArgumentException">The options do not fit together, or the state's precision would change.</exception>
    public TOptions Options
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            value.Validate();
            if (field is not null && value.StatePrecision != field.StatePrecision)
                throw new ArgumentException($"StatePrecision must stay {field.StatePrecision} for the life of a group. Actual value was {value.StatePrecision}.", nameof(value));
            if (field is not null && value.FullPrecisionBelow != field.FullPrecisionBelow)
                throw new ArgumentException($"FullPrecisionBelow must stay {field.FullPrecisionBelow} for the life of a group. Actual value was {value.FullPrecisionBelow}.", nameof(value));
            if (field is not null && value.ParameterRounding != field.ParameterRounding)
                throw new ArgumentException($"ParameterRounding must stay {field.ParameterRounding} for the life of a group. Actual value was {value.ParameterRounding}.", nameof(value));
            if (field is not null)
            {
                foreach (var parameter in Parameters)
                    value.ThrowIfEncoded(parameter);
                value.ThrowIfRetyped(field, Parameters);
            }
            field = value;
        }
    }

    internal override OptimizerOptions AnyOptions
    {
        get => Options;
        set => Options = (TOptions)value;
    }

    /// <inheritdoc/>
    public override double LearningRate
    {
        get => Options.LearningRate;
        set => AnyOptions = AnyOptions with { LearningRate = value };
    }
}
