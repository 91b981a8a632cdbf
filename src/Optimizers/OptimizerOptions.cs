using System.Runtime.CompilerServices;
using GpuOptim.Host;

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

    /// <summary>The element type of the state; the same for the life of a group.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such precision.</exception>
    public StatePrecision StatePrecision { get; init => field = Defined(value); }

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
            // Checkpoints of before there was a choice.
            ComputePrecision = from.Contains("compute_precision") ? from.Choice<ComputePrecision>("compute_precision") : default,
        };
    }

    /// <summary>These options for an optimizer of the pieces that parameters were cut into.</summary>
    internal virtual OptimizerOptions ForPieces() => this;

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
