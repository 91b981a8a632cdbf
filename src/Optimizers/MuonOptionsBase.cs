using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Rules;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>The hyper-parameters that <see cref="Muon"/> and <see cref="NorMuon"/> share.</summary>
public abstract record MuonOptionsBase : OptimizerOptions
{
    /// <summary>Decay of the gradients' average, or sum; in [0, 1). PyTorch: <c>momentum</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Momentum { get; init => field = Fraction(value); } = 0.95;

    /// <summary>Look ahead along the momentum. PyTorch: <c>nesterov</c>.</summary>
    public bool Nesterov { get; init; }

    /// <summary>How directions are orthogonalized. PyTorch: <c>ns_coefficients</c>, <c>ns_steps</c>, <c>eps</c>.</summary>
    /// <exception cref="ArgumentException">The precision has no room for what the coefficients make.</exception>
    public NewtonSchulzOptions NewtonSchulz
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value, nameof(NewtonSchulz));
            value.Validate();
            field = value;
        }
    }
    = new();

    /// <summary>How the learning rate follows the shape. PyTorch: <c>adjust_lr_fn</c>.</summary>
    public LearningRateAdjustment AdjustLearningRate { get; init; }

    /// <summary>
    /// Take tensors of three dimensions and more, the kernels of convolutions, as matrices: a row for each index of the first dimension.
    /// Without it they are an error.
    /// </summary>
    public bool FlattenConvolutions { get; init; }

    /// <summary>
    /// Cut each matrix into blocks of rows that are orthogonalized apart, as if each were a parameter: <c>[512, 512, 512]</c> for a fused
    /// query, key and value of 512 rows each. A single number is repeated: <c>[64]</c> for heads of 64 rows. Null leaves matrices whole.
    /// </summary>
    /// <exception cref="ArgumentException">There is no block, or one of no rows.</exception>
    public IReadOnlyList<int>? SplitRows
    {
        get;
        init
        {
            if (value is not null && (value.Count == 0 || value.Any(rows => rows < 1)))
                throw new ArgumentException($"SplitRows must hold numbers of rows, each at least 1. Actual value was [{string.Join(", ", value)}].", nameof(SplitRows));
            field = value;
        }
    }

    /// <inheritdoc/>
    protected internal override void Validate()
    {
        base.Validate();
        if (WeightDecayMode == WeightDecayMode.L2)
            throw new ArgumentException("WeightDecayMode must be Decoupled, Cautious or Independent where gradients are orthogonalized: what is added to them is orthogonalized away. Actual value was L2.", nameof(WeightDecayMode));
    }

    /// <summary>What the learning rate is multiplied by for a matrix.</summary>
    internal double Ratio(double rows, double columns) => AdjustLearningRate switch
    {
        LearningRateAdjustment.MatchRmsAdamW => 0.2 * Math.Sqrt(Math.Max(rows, columns)),
        LearningRateAdjustment.SpectralUnclamped => Math.Sqrt(rows / columns),
        LearningRateAdjustment.None => 1,
        _ => Math.Sqrt(Math.Max(1, rows / columns)),
    };

    /// <summary>What is done with the direction of a matrix.</summary>
    internal MuonUpdateRule UpdateRule(long rows, long columns) => new(LearningRate, WeightDecay, WeightDecayMode, Ratio(rows, columns));

    /// <summary>How the neurons of orthogonalized directions are normalized; null if they are not.</summary>
    internal virtual NeuronRule? Neurons => null;

    /// <summary>The type of directions once all was done to them.</summary>
    internal ElementType DirectionType => Neurons is null ? NewtonSchulz.DirectionType : ElementType.Float32;

    /// <summary>Whether matrices are laid out and orthogonalized in the same way; rates and momentum may differ.</summary>
    internal bool OrthogonalizesAs(MuonOptionsBase other) =>
        NewtonSchulz == other.NewtonSchulz
        && (ComputePrecision, StateRounding, RoundingSeed) == (other.ComputePrecision, other.StateRounding, other.RoundingSeed)
        && CutsAs(other);

    /// <summary>Whether the same matrices are made of parameters.</summary>
    internal bool CutsAs(MuonOptionsBase other) =>
        FlattenConvolutions == other.FlattenConvolutions
        && (ReferenceEquals(SplitRows, other.SplitRows) || (SplitRows is not null && other.SplitRows is not null && SplitRows.SequenceEqual(other.SplitRows)));

    /// <remarks>A scale is of one matrix. Where a cut would go through a block, state is float.</remarks>
    private protected override bool HasWholeBlocks(Parameter parameter) =>
        MatrixBlocks.Of(parameter, WholeSplitRows is null ? this : this with { SplitRows = WholeSplitRows }).All(block => block.Row * block.Columns % EncodedStretch.BlockLength == 0);

    internal override void ThrowIfRetyped(OptimizerOptions before, IReadOnlyList<Parameter> parameters)
    {
        if (CutsAs((MuonOptionsBase)before))
            return;
        foreach (var parameter in parameters)
        {
            var (type, own) = (StateOf(parameter).Type, before.StateOf(parameter).Type);
            if (type != own)
                throw new ArgumentException($"SplitRows must leave state of parameter '{parameter.Name}' {own} for the life of a group; where cuts go through {EncodedStretch.BlockLength} elements it is float. Actual value was {(SplitRows is null ? "null" : $"[{string.Join(", ", SplitRows)}]")}, with {type}.");
        }
    }

    internal override OptimizerOptions ForPieces() => SplitRows is null ? this : this with { SplitRows = null, WholeSplitRows = SplitRows };

    /// <summary>How parameters were split whose pieces these are the options of.</summary>
    private IReadOnlyList<int>? WholeSplitRows { get; init; }

    /// <inheritdoc/>
    protected internal override OptimizerOptions? WithMomentum(double momentum) => this with { Momentum = momentum };

    /// <inheritdoc/>
    protected internal override void Save(HyperParameters to)
    {
        base.Save(to);
        to.Add("momentum", Momentum);
        to.Add("nesterov", Nesterov);
        to.Add("adjust_lr_fn", $"{AdjustLearningRate}");
        to.Add("flatten_convolutions", FlattenConvolutions);
        to.Add("split_rows", [.. (SplitRows ?? []).Select(rows => (double)rows)]);
        to.Add("eps", NewtonSchulz.Epsilon);
        if (NewtonSchulz.Steps is { } steps)
            to.Add("ns_steps", steps);
        // Of the standard nothing is said: files stay as they were.
        if (NewtonSchulz.Method != NewtonSchulzMethod.Standard)
            to.Add("ns_method", $"{NewtonSchulz.Method}");
        to.Add("ns_precision", $"{NewtonSchulz.Precision}");
        to.Add("ns_name", NewtonSchulz.Coefficients.Name);
        to.Add("ns_coefficients", [.. NewtonSchulz.Coefficients.Steps.SelectMany(step => (double[])[step.A, step.B, step.C])]);
        to.Add("ns_repeats_last", NewtonSchulz.Coefficients.RepeatsLast);
        to.Add("ns_norm_scale", NewtonSchulz.Coefficients.NormScale);
    }

    /// <inheritdoc/>
    protected internal override OptimizerOptions Load(HyperParameters from) => (MuonOptionsBase)base.Load(from) with
    {
        Momentum = from.Number("momentum"),
        Nesterov = from.Flag("nesterov"),
        AdjustLearningRate = from.Choice<LearningRateAdjustment>("adjust_lr_fn"),
        FlattenConvolutions = from.Flag("flatten_convolutions"),
        SplitRows = from.Integers("split_rows") is { Count: > 0 } rows ? rows : null,
        NewtonSchulz = LoadNewtonSchulz(from),
    };

    private static NewtonSchulzOptions LoadNewtonSchulz(HyperParameters from)
    {
        var numbers = from.Numbers("ns_coefficients");
        if (numbers.Count % 3 != 0)
            throw new InvalidDataException($"Hyper-parameter 'ns_coefficients' must be three numbers a step. Actual number was {numbers.Count}.");
        NewtonSchulzStep[] steps = [.. numbers.Chunk(3).Select(abc => new NewtonSchulzStep(abc[0], abc[1], abc[2]))];
        var published = NewtonSchulzCoefficients.All.FirstOrDefault(set => set.Name == from.Text("ns_name") && set.Steps.SequenceEqual(steps));
        return new()
        {
            Coefficients = published ?? NewtonSchulzCoefficients.Custom(steps, from.Flag("ns_repeats_last"), from.Number("ns_norm_scale")),
            Steps = from.Contains("ns_steps") ? from.Integer("ns_steps") : null,
            Epsilon = from.Number("eps"),
            Method = from.Contains("ns_method") ? from.Choice<NewtonSchulzMethod>("ns_method") : NewtonSchulzMethod.Standard,
            Precision = from.Choice<NewtonSchulzPrecision>("ns_precision"),
        };
    }
}
