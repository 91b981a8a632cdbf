using GpuOptim.Host;
using GpuOptim.Kernels;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>How PyTorch writes an optimizer: the keys of its parameter groups, and whether its state counts steps.</summary>
/// <remarks>Source: <c>torch.optim</c> 2.13, <c>state_dict()</c> of each class. Releases before lack some keys, which then have the default.</remarks>
/// <param name="Defaults">PyTorch's defaults.</param>
/// <param name="CountsSteps">Whether the state of each parameter has <c>step</c>.</param>
/// <param name="Names">Hyper-parameters, in PyTorch's order; the names are those of <see cref="HyperParameters"/>.</param>
/// <param name="Constants">What PyTorch writes besides them.</param>
internal sealed record TorchOptimizer(OptimizerOptions Defaults, bool CountsSteps, IReadOnlyList<string> Names, IReadOnlyList<(string Name, object? Value)> Constants)
{
    /// <summary>The key of the weight decay's mode, where there is a choice; older releases do not write it.</summary>
    private const string Decoupled = "decoupled_weight_decay";

    /// <summary>The key of the implementation that computes in float.</summary>
    private const string Fused = "fused";

    private static readonly (string, object?)[] _implementation = [("foreach", null), ("differentiable", false)], _capturable = [.. _implementation, ("capturable", false)];

    private static readonly TorchOptimizer
        _sgd = new(new SgdOptions(), false, ["lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize"], [.. _implementation, (Fused, null)]),
        _rmsProp = new(new RmsPropOptions(), true, ["lr", "momentum", "alpha", "eps", "centered", "weight_decay", "maximize"], _capturable),
        _adam = new(new AdamOptions(), true, ["lr", "betas", "eps", "weight_decay", "amsgrad", "maximize", Decoupled], [.. _capturable, (Fused, null)]),
        _adamW = _adam with { Defaults = new AdamWOptions() },
        _adagrad = new(new AdagradOptions(), true, ["lr", "lr_decay", "eps", "weight_decay", "initial_accumulator_value", "maximize"], [.. _implementation, (Fused, null)]),
        _adadelta = new(new AdadeltaOptions(), true, ["lr", "rho", "eps", "weight_decay", "maximize"], _capturable),
        _adamax = new(new AdamaxOptions(), true, ["lr", "betas", "eps", "weight_decay", "maximize"], _capturable),
        _nAdam = new(new NAdamOptions(), true, ["lr", "betas", "eps", "weight_decay", "momentum_decay", "maximize", Decoupled], _capturable),
        _rAdam = new(new RAdamOptions(), true, ["lr", "betas", "eps", "weight_decay", "maximize", Decoupled], _capturable),
        _rprop = new(new RpropOptions(), true, ["lr", "etas", "step_sizes", "maximize"], _capturable),
        _asgd = new(new AsgdOptions(), true, ["lr", "lambd", "alpha", "t0", "weight_decay", "maximize"], _capturable),
        _adafactor = new(new AdafactorOptions(), true, ["lr", "beta2_decay", "eps", "d", "weight_decay", "maximize"], [("foreach", null)]),
        _muon = new(new MuonOptions { NewtonSchulz = new() { Steps = 5 } }, false, ["lr", "weight_decay", "momentum", "nesterov", "ns_coefficients", "eps", "ns_steps", "adjust_lr_fn"], []),
        _norMuon = new(new NorMuonOptions(), false, [], []);

    /// <summary>Keys that do not change the math of float parameters: how it is carried out, what schedulers remember, and what people call a group.</summary>
    private static readonly HashSet<string> _ignored =
        ["foreach", "fused", "capturable", "differentiable", "initial_lr", "max_lr", "min_lr", "base_momentum", "max_momentum", "swa_lr", "lr_scale", "name", "params", "param_names"];

    /// <summary>What PyTorch has no choice of: the optimizer's own stays.</summary>
    private static readonly HashSet<string> _ownToHere =
        ["state_precision", "full_precision_below", "state_rounding", "parameter_rounding", "rounding_seed", "flatten_convolutions", "split_rows", "ns_precision"];

    private static readonly Dictionary<string, LearningRateAdjustment> _adjustments = new()
    {
        ["original"] = LearningRateAdjustment.Original,
        ["match_rms_adamw"] = LearningRateAdjustment.MatchRmsAdamW,
        ["spectral_unclamped"] = LearningRateAdjustment.SpectralUnclamped,
    };

    /// <summary>What PyTorch calls the optimizer.</summary>
    /// <exception cref="ArgumentException">PyTorch does not have it.</exception>
    public static TorchOptimizer Of(Optimizer optimizer) => optimizer switch
    {
        Sgd => _sgd,
        RmsProp => _rmsProp,
        Adam => _adam,
        AdamW => _adamW,
        Adagrad => _adagrad,
        Adadelta => _adadelta,
        Adamax => _adamax,
        NAdam => _nAdam,
        RAdam => _rAdam,
        Rprop => _rprop,
        Asgd => _asgd,
        Adafactor => _adafactor,
        Muon => _muon,
        NorMuon => _norMuon,
        _ => throw new ArgumentException($"optimizer must be one that PyTorch has, Sgd, RmsProp, Adam, AdamW, Adagrad, Adadelta, Adamax, NAdam, RAdam, Rprop, Asgd, Adafactor or Muon; or NorMuon, which its authors' package has. Actual type was {optimizer.GetType().Name}: take Checkpoint, which writes any.", nameof(optimizer)),
    };

    /// <summary>Whether a key of a group does not change the math.</summary>
    public static bool IsIgnored(string key) => _ignored.Contains(key);

    /// <summary>The hyper-parameters of a group as PyTorch writes them.</summary>
    /// <exception cref="ArgumentException">PyTorch has no equivalent.</exception>
    public PickleDictionary Write(ParameterGroup group)
    {
        ThrowIfOnlyHere(group);
        if (this == _norMuon)
            return DionGroup.Write(group);
        var values = Checkpoint.Describe(group.AnyOptions).Values;
        var written = new PickleDictionary();
        foreach (var name in Names)
        {
            written.Add(name, (group.AnyOptions, name) switch
            {
                (MuonOptions muon, "ns_steps") => (long)muon.NewtonSchulz.Plan.Steps.Length,
                (MuonOptions { AdjustLearningRate: LearningRateAdjustment.Original }, "adjust_lr_fn") => null,
                (var any, Decoupled) => any.WeightDecayMode == WeightDecayMode.Decoupled,
                (AdafactorOptions adafactor, "eps") => new object?[] { adafactor.Epsilon1, adafactor.Epsilon2 },
                (MuonOptions muon, "adjust_lr_fn") => _adjustments.First(pair => pair.Value == muon.AdjustLearningRate).Key,
                _ => values[name] is double[] numbers ? numbers.Select(number => (object?)number).ToArray() : values[name],
            });
        }
        foreach (var (name, value) in Constants)
            written.Add(name, name == Fused && ComputesInFloat(group) ? true : value);
        return written;
    }

    /// <summary>The hyper-parameters of a group that PyTorch wrote.</summary>
    /// <param name="saved">The group.</param>
    /// <param name="path">Where in the file it is, for messages.</param>
    /// <param name="group">The optimizer's own, whose options say what PyTorch does not know.</param>
    /// <param name="number">What a value is as a number; null if it is none.</param>
    /// <exception cref="InvalidDataException">There is one without an equivalent, or out of its range.</exception>
    public OptimizerOptions Read(PickleDictionary saved, string path, ParameterGroup group, Func<object?, double?> number)
    {
        var like = group.AnyOptions;
        if (this == _norMuon)
            return DionGroup.Read(saved, path, group, number);
        foreach (var key in saved.Keys)
        {
            if (key is not string name || !(Names.Contains(name) || _ignored.Contains(name) || Constants.Any(constant => constant.Name == name)))
                throw new InvalidDataException($"'{path}.{PickleValue.Describe(key)}' is none of {like.GetType().Name}");
        }
        if (!saved.ContainsKey("lr"))
            throw new InvalidDataException($"'{path}.lr' is missing");

        var own = Checkpoint.Describe(like);
        var values = new HyperParameters();
        foreach (var (name, value) in own.Values.Where(pair => _ownToHere.Contains(pair.Key)))
            values.AddAny(name, value);
        foreach (var (name, usual) in Checkpoint.Describe(Defaults).Values.Where(pair => !_ownToHere.Contains(pair.Key)))
        {
            if (name == "compute_precision")
                values.AddAny(name, saved.TryGetValue(Fused, out var isFused) && isFused is bool fused ? $"{(fused ? ComputePrecision.Float32 : ComputePrecision.SameAsState)}" : own.Values[name]);
            else if (name == "weight_decay_mode" && saved.TryGetValue(Decoupled, out var isDecoupled))
                values.AddAny(name, $"{((bool)Read(path, Decoupled, isDecoupled, usual: false, number) ? WeightDecayMode.Decoupled : WeightDecayMode.L2)}");
            else
                values.AddAny(name, Names.Contains(name) && saved.TryGetValue(name, out var value) ? Read(path, name, value, usual, number) : usual);
        }
        try
        {
            return Checkpoint.Options(values, like);
        }
        catch (InvalidDataException failure)
        {
            throw new InvalidDataException($"'{path}': {failure.Message}", failure);
        }
    }

    /// <summary>A hyper-parameter of the same kind as the usual one.</summary>
    private static object Read(string path, string name, object? value, object usual, Func<object?, double?> number)
    {
        object? read = (usual, value) switch
        {
            (string, null) => $"{LearningRateAdjustment.Original}",
            (string, string text) => _adjustments.TryGetValue(text, out var adjustment) ? $"{adjustment}" : null,
            (bool, bool) => value,
            (bool, 0L or 1L) => (long)value == 1,
            (double, _) => number(value),
            (double[] { Length: 1 }, IReadOnlyList<object?> and [var first, var second]) when number(second) is { } last && (first is null || number(first) is not null) =>
                first is null ? (double[])[last] : [number(first)!.Value, last],
            (double[] { Length: > 1 } numbers, IReadOnlyList<object?> list) when list.Count == numbers.Length && list.All(each => number(each) is not null) => list.Select(each => number(each)!.Value).ToArray(),
            _ => null,
        };
        return read ?? throw new InvalidDataException($"'{path}.{name}' must be {Kind(usual)}. Actual value was {PickleValue.Describe(value)}");
    }

    private static string Kind(object usual) => usual switch
    {
        string => $"None or one of {string.Join(", ", _adjustments.Keys)}",
        bool => "True or False",
        double[] { Length: 1 } => "two numbers, of which the first may be None",
        double[] numbers => $"{numbers.Length} numbers",
        _ => "a number",
    };

    /// <summary>Whether updates of a group's parameters are computed in float where there is a choice.</summary>
    private static bool ComputesInFloat(ParameterGroup group) =>
        group.AnyOptions.ComputePrecision == ComputePrecision.Float32
        || group.Parameters.Any(parameter => parameter.ElementType != ElementType.Float32 && group.AnyOptions.UpdateTypesOf(parameter).Compute == ElementType.Float32);

    /// <summary>Refuses what PyTorch would go on from differently. That state is rounded which had few bits anyway is not refused.</summary>
    private void ThrowIfOnlyHere(ParameterGroup group)
    {
        var options = group.AnyOptions;
        var narrow = group.Parameters.FirstOrDefault(parameter => parameter.ElementType != ElementType.Float32);
        if (narrow is not null && options.StatePrecision == StatePrecision.Float32)
            throw new ArgumentException($"State must have the parameter's type, for PyTorch would round it. That of {narrow.ElementType} parameter '{narrow.Name}' is Float32: take Checkpoint.");
        // Squares of gradients are below what float16 has, and become zero.
        if (options.StatePrecision != StatePrecision.SameAsParameter && group.Parameters.FirstOrDefault(parameter => parameter.ElementType == ElementType.Float16) is { } half)
            throw new ArgumentException($"State must have the parameter's type, for PyTorch would round it. That of Float16 parameter '{half.Name}' has StatePrecision.{options.StatePrecision}, of a wider range: take Checkpoint.");
        if (narrow is not null && options.ParameterRounding != ParameterRounding.Nearest)
            throw new ArgumentException($"ParameterRounding must be Nearest, for PyTorch has no other, and would lose the small steps from here on. That of {narrow.ElementType} parameter '{narrow.Name}' is {options.ParameterRounding}: take Checkpoint, which an optimizer of float parameters loads, too, with LoadOptions.Convert; or SaveParameters.");
        if (narrow is not null && ComputesInFloat(group) && !Constants.Any(constant => constant.Name == Fused))
        {
            var (option, needed, actual) = options.ComputePrecision == ComputePrecision.Float32
                ? (nameof(options.ComputePrecision), $"{ComputePrecision.SameAsState}", $"{options.ComputePrecision}")
                : (nameof(options.StatePrecision), $"{StatePrecision.SameAsParameter}", $"{options.StatePrecision}, which computes in float");
            throw new ArgumentException($"{option} must be {needed}, for PyTorch has no fused {options.GetType().Name[..^"Options".Length]}. That of {narrow.ElementType} parameter '{narrow.Name}' is {actual}: take Checkpoint.");
        }
        if (this != _norMuon && options.WeightDecay != 0 && !Names.Contains("weight_decay"))
            throw new ArgumentException($"WeightDecay must be 0, for PyTorch's {options.GetType().Name[..^"Options".Length]} has none. Actual value was {options.WeightDecay}: take Checkpoint.");
        if (this != _norMuon && options.WeightDecayMode != Defaults.WeightDecayMode && !(Names.Contains(Decoupled) && options.WeightDecayMode is (WeightDecayMode.L2 or WeightDecayMode.Decoupled)))
            throw new ArgumentException($"WeightDecayMode must be {Defaults.WeightDecayMode}, as in PyTorch. Actual value was {options.WeightDecayMode}: take Checkpoint.");
        if (options is not MuonOptions muon)
            return;
        var coefficients = muon.NewtonSchulz.Coefficients;
        if (coefficients.Steps.Count != 1 || coefficients.NormScale != 1 || muon.NewtonSchulz.Precision != NewtonSchulzPrecision.BFloat16)
            throw new ArgumentException($"Newton-Schulz must have one set of three coefficients, no margin and bfloat16, as in PyTorch's Muon. Actual values were {coefficients}, of {coefficients.Steps.Count} steps, {coefficients.NormScale} and {muon.NewtonSchulz.Precision}: take Checkpoint.");
        if (muon.NewtonSchulz.Method != NewtonSchulzMethod.Standard)
            throw new ArgumentException($"NewtonSchulz.Method must be {NewtonSchulzMethod.Standard}, as in PyTorch's Muon. Actual value was {muon.NewtonSchulz.Method}: take Checkpoint.");
        if (muon.AdjustLearningRate == LearningRateAdjustment.None)
            throw new ArgumentException("AdjustLearningRate must be one of PyTorch's. Actual value was None: take Checkpoint.");
        if (muon.SplitRows is not null)
            throw new ArgumentException($"SplitRows must be null, for PyTorch's Muon does not split. Actual value was [{string.Join(", ", muon.SplitRows)}]: take Checkpoint.");
        if (group.Parameters.FirstOrDefault(parameter => parameter.Shape.Count != 2) is { } tensor)
            throw new ArgumentException($"Parameters of PyTorch's Muon must have two dimensions. '{tensor.Name}' has shape {Parameter.Describe([.. tensor.Shape])}: take Checkpoint.");
    }
}
