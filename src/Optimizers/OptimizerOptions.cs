using System.Runtime.CompilerServices;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;

namespace GpuOptim.Optimizers;

/// <summary>The hyper-parameters that every optimizer has. Immutable: change one with a <c>with</c> expression.</summary>
public abstract record OptimizerOptions
{
    /// <summary>Step size; 0 or more. PyTorch: <c>lr</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double LearningRate { get; init => field = NonNegative(value); } = 1e-3;

    /// <summary>Strength of the weight decay; 0 or more, 0 for none. PyTorch: <c>weight_decay</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double WeightDecay { get; init => field = NonNegative(value); }

    /// <summary>How the weight decay works; <see cref="WeightDecayMode.L2"/> unless the optimizer says otherwise.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such mode.</exception>
    public WeightDecayMode WeightDecayMode
    {
        get;
        init => field = Defined(value);
    }

    /// <summary>How state lies in memory; the same for the life of a group.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such precision.</exception>
    public StatePrecision StatePrecision { get; init => field = Defined(value); }

    /// <summary>
    /// State of tensors with fewer elements is float, if <see cref="StatePrecision"/> is one of fewer bits: of these there is little to save. 0 or more, the same
    /// for the life of a group.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int FullPrecisionBelow
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(FullPrecisionBelow), value, "FullPrecisionBelow must be at least 0.");
    } = 4096;

    /// <summary>How state is rounded, if <see cref="StatePrecision"/> is one of fewer bits than float.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such rounding.</exception>
    public StateRounding StateRounding { get; init => field = Defined(value); }

    /// <summary>
    /// How bfloat16 parameters are rounded; the same for the life of a group. All but <see cref="ParameterRounding.Nearest"/> compute in float. Float parameters
    /// are not rounded.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such rounding.</exception>
    public ParameterRounding ParameterRounding { get; init => field = Defined(value); }

    /// <summary>
    /// What random roundings begin with. They depend on it, on the parameter's name and step and on the element, and on nothing else: a run that is repeated,
    /// resumed, or cut into tables, threads, devices or processes otherwise, rounds alike.
    /// </summary>
    public int RoundingSeed { get; init; }

    /// <summary>What updates of 16-bit parameters are computed in; of float parameters it is always float.</summary>
    /// <remarks>PyTorch: <c>fused</c>, for what it rounds. The default is PyTorch's, so that a run that moves here goes on to the same bits.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">There is no such precision.</exception>
    public ComputePrecision ComputePrecision { get; init => field = Defined(value); }

    /// <summary>The optimizer that these are the options of.</summary>
    /// <param name="parameters">Its first group of parameters.</param>
    /// <exception cref="ArgumentException">A parameter cannot be taken, or the options do not fit together.</exception>
    public abstract Optimizer CreateOptimizer(IEnumerable<Parameter> parameters);

    /// <summary>The same with another momentum, which is Adam's first beta, for schedules that change it; null if there is none.</summary>
    /// <param name="momentum">The momentum; in [0, 1).</param>
    protected internal virtual OptimizerOptions? WithMomentum(double momentum) => null;

    /// <summary>Writes the hyper-parameters for a checkpoint, under PyTorch's names. Options of one's own add theirs.</summary>
    /// <param name="to">Takes them.</param>
    protected internal virtual void Save(Checkpoints.HyperParameters to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Add("lr", LearningRate);
        to.Add("weight_decay", WeightDecay);
        to.Add("weight_decay_mode", $"{WeightDecayMode}");
        to.Add("state_precision", $"{StatePrecision}");
        to.Add("compute_precision", $"{ComputePrecision}");
        // Files of before there was a choice are the same where none was made.
        if (StatePrecision is StatePrecision.SameAsParameter or StatePrecision.Float32 && StateRounding == default && ParameterRounding == default && RoundingSeed == 0)
            return;
        to.Add("full_precision_below", FullPrecisionBelow);
        to.Add("state_rounding", $"{StateRounding}");
        to.Add("parameter_rounding", $"{ParameterRounding}");
        to.Add("rounding_seed", RoundingSeed);
    }

    /// <summary>These options with the hyper-parameters of a checkpoint. Options of one's own read what they wrote.</summary>
    /// <param name="from">Has them.</param>
    /// <exception cref="InvalidDataException">One is missing or of another kind.</exception>
    /// <exception cref="ArgumentException">One is out of its range.</exception>
    protected internal virtual OptimizerOptions Load(Checkpoints.HyperParameters from)
    {
        ArgumentNullException.ThrowIfNull(from);
        return this with
        {
            LearningRate = from.Number("lr"),
            WeightDecay = from.Number("weight_decay"),
            WeightDecayMode = from.Choice<WeightDecayMode>("weight_decay_mode"),
            StatePrecision = from.Choice<StatePrecision>("state_precision"),
            // Checkpoints of before there was a choice, or where none was made. From where on state has fewer bits then changes nothing.
            ComputePrecision = from.Contains("compute_precision") ? from.Choice<ComputePrecision>("compute_precision") : default,
            FullPrecisionBelow = from.Contains("full_precision_below") ? from.Integer("full_precision_below") : FullPrecisionBelow,
            // What drew no random numbers has no seed.
            RoundingSeed = from.Contains("rounding_seed") ? from.Integer("rounding_seed") : RoundingSeed,
            StateRounding = from.Contains("state_rounding") ? from.Choice<StateRounding>("state_rounding") : default,
            ParameterRounding = from.Contains("parameter_rounding") ? from.Choice<ParameterRounding>("parameter_rounding") : default,
        };
    }

    /// <summary>These options for an optimizer of the pieces that parameters were cut into.</summary>
    internal virtual OptimizerOptions ForPieces() => this;

    /// <summary>How the state of a parameter lies in memory.</summary>
    internal (ElementType Type, StateEncoding Encoding) StateOf(Parameter parameter)
    {
        var isStochastic = StateRounding == StateRounding.Stochastic;
        return StatePrecision switch
        {
            StatePrecision.SameAsParameter => (parameter.ElementType, StateEncoding.None),
            StatePrecision.Float32 => (ElementType.Float32, StateEncoding.None),
            _ when parameter.Origin.Parameter.WholeLength < FullPrecisionBelow || !HasWholeBlocks(parameter.Origin.Parameter) => (ElementType.Float32, StateEncoding.None),
            StatePrecision.BFloat16 => (ElementType.BFloat16, isStochastic ? StateEncoding.StochasticBFloat16 : StateEncoding.None),
            StatePrecision.Float16 => (ElementType.Float16, isStochastic ? StateEncoding.StochasticFloat16 : StateEncoding.Float16),
            _ => (ElementType.UInt8, isStochastic ? StateEncoding.StochasticDynamic8 : StateEncoding.Dynamic8),
        };
    }

    /// <summary>Whether a parameter is updated in parts that begin where blocks of state do.</summary>
    private protected virtual bool HasWholeBlocks(Parameter parameter) => true;

    /// <summary>How a parameter is rounded: one that is float is not.</summary>
    internal ParameterRounding RoundingOf(Parameter parameter) => parameter.ElementType == ElementType.Float32 ? ParameterRounding.Nearest : ParameterRounding;

    /// <summary>The types of an update of a parameter.</summary>
    internal UpdateTypes UpdateTypesOf(Parameter parameter)
    {
        var (state, encoding) = StateOf(parameter);
        var rounding = RoundingOf(parameter);
        var isFloat = ComputePrecision == ComputePrecision.Float32 || StatePrecision != StatePrecision.SameAsParameter || rounding != ParameterRounding.Nearest;
        return new(parameter.ElementType, parameter.GradientType, state, isFloat ? ElementType.Float32 : state) { Rounding = rounding, Encoding = encoding };
    }

    /// <summary>Whether updates need random numbers, and so the number of the step.</summary>
    internal bool RoundsAtRandom => ParameterRounding == ParameterRounding.Stochastic || (StateRounding == StateRounding.Stochastic && HasFewBits);

    /// <summary>Whether they may yet, since <see cref="StateRounding"/> may change.</summary>
    internal bool MayRoundAtRandom => ParameterRounding == ParameterRounding.Stochastic || HasFewBits;

    private bool HasFewBits => StatePrecision is StatePrecision.BFloat16 or StatePrecision.Float16 or StatePrecision.Blockwise8;

    /// <summary>Refuses a parameter that cannot be rounded so.</summary>
    /// <exception cref="ArgumentException">It cannot.</exception>
    internal void ThrowIfUnfit(Parameter parameter)
    {
        ThrowIfEncoded(parameter);
        if (parameter.ElementType == ElementType.Float16 && ParameterRounding is not (ParameterRounding.Nearest or ParameterRounding.Master))
            throw new ArgumentException($"ParameterRounding of Float16 parameters must be Nearest or Master. Actual value for parameter '{parameter.Name}' was {ParameterRounding}.", nameof(parameter));
    }

    /// <summary>Refuses what would encode numbers of a parameter on a device that knows element types only.</summary>
    /// <exception cref="ArgumentException">Something would.</exception>
    internal void ThrowIfEncoded(Parameter parameter)
    {
        if (parameter.Device.SupportsEncodings)
            return;
        var device = parameter.Device.Name;
        if (StatePrecision is not (StatePrecision.SameAsParameter or StatePrecision.Float32 or StatePrecision.BFloat16))
            throw new ArgumentException($"StatePrecision must be SameAsParameter, Float32 or BFloat16 on device '{device}'. Actual value was {StatePrecision}.");
        if (StatePrecision == StatePrecision.BFloat16 && StateRounding != StateRounding.Nearest)
            throw new ArgumentException($"StateRounding must be Nearest on device '{device}'. Actual value was {StateRounding}.");
        if (RoundingOf(parameter) != ParameterRounding.Nearest)
            throw new ArgumentException($"ParameterRounding must be Nearest on device '{device}'. Actual value was {ParameterRounding}.");
    }

    /// <summary>Refuses options with which state of a parameter would be of another type than it lies in memory.</summary>
    /// <param name="before">The options that it was made for.</param>
    /// <param name="parameters">The parameters.</param>
    /// <exception cref="ArgumentException">It would.</exception>
    internal virtual void ThrowIfRetyped(OptimizerOptions before, IReadOnlyList<Parameter> parameters)
    {
    }

    /// <summary>Checks what no single option can: how they fit together.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    protected internal virtual void Validate()
    {
    }

    /// <summary>The value, if it is finite and at least 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    protected static double NonNegative(double value, [CallerMemberName] string option = "") =>
        value >= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be finite and at least 0.");

    private static T Defined<T>(T value, [CallerMemberName] string option = "") where T : struct, Enum =>
        Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be one of {string.Join(", ", Enum.GetNames<T>())}.");

    /// <summary>The value, if it is at least 0 and less than 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    protected static double Fraction(double value, [CallerMemberName] string option = "") =>
        value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(option, value, $"{option} must be in [0, 1).");
}
