using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>How the authors of NorMuon write a group of it: under names of their own, in the same files.</summary>
/// <remarks>Source: microsoft/dion, <c>dion/normuon.py</c> and <c>dion/megabatch_base.py</c>. Which Newton-Schulz it was they do not write: here the optimizer's own stays.</remarks>
internal static class DionGroup
{
    private const string LearningRate = "lr", Momentum = "mu", Beta2 = "muon_beta2", WeightDecay = "weight_decay", Cautious = "cautious_wd", Epsilon = "epsilon",
        Nesterov = "nesterov", Flatten = "flatten", Adjustment = "adjust_lr", Heads = "num_heads", Algorithm = "algorithm", Name = "normuon";

    /// <summary>What is always there, and nothing that NorMuon does depends on: the betas of AdamW, which the same class may be, and a count of steps.</summary>
    private static readonly (string Name, object Value)[] _constants = [("beta1", 0.9), ("beta2", 0.95), ("step", 0L)];

    private static readonly Dictionary<string, LearningRateAdjustment> _adjustments = new()
    {
        ["spectral_norm"] = LearningRateAdjustment.SpectralUnclamped,
        ["rms_norm"] = LearningRateAdjustment.MatchRmsAdamW,
    };

    /// <summary>The hyper-parameters of a group as dion writes them.</summary>
    /// <exception cref="ArgumentException">dion has no equivalent.</exception>
    public static PickleDictionary Write(ParameterGroup group)
    {
        var options = (NorMuonOptions)group.AnyOptions;
        if (options.WeightDecayMode is not (WeightDecayMode.Decoupled or WeightDecayMode.Cautious))
            throw new ArgumentException($"WeightDecayMode must be Decoupled or Cautious, as in dion. Actual value was {options.WeightDecayMode}: take Checkpoint.");
        if (options.Epsilon != new NorMuonOptions().Epsilon)
            throw new ArgumentException($"Epsilon must be {new NorMuonOptions().Epsilon}, as in dion. Actual value was {options.Epsilon}: take Checkpoint.");
        if (options.AdjustLearningRate == LearningRateAdjustment.Original)
            throw new ArgumentException("AdjustLearningRate must be SpectralUnclamped, MatchRmsAdamW or None, as in dion. Actual value was Original: take Checkpoint.");
        // There a neuron of a kernel is a row of one position of it, and a batch of matrices is not flattened.
        if (group.Parameters.FirstOrDefault(parameter => parameter.Shape.Count != 2) is { } tensor)
            throw new ArgumentException($"Parameters of dion's NorMuon must have two dimensions. '{tensor.Name}' has shape {Parameter.Describe([.. tensor.Shape])}: take Checkpoint.");
        var written = new PickleDictionary
        {
            [LearningRate] = options.LearningRate,
            [Momentum] = options.Momentum,
            [Beta2] = options.Beta2,
            [WeightDecay] = options.WeightDecay,
            [Cautious] = options.WeightDecayMode == WeightDecayMode.Cautious,
            [Algorithm] = Name,
            [Epsilon] = options.NewtonSchulz.Epsilon,
            [Nesterov] = options.Nesterov,
            [Flatten] = options.FlattenConvolutions,
            [Adjustment] = _adjustments.FirstOrDefault(pair => pair.Value == options.AdjustLearningRate).Key,
        };
        foreach (var (name, value) in _constants)
            written.Add(name, value);
        // Of blocks that are no heads its averages are of directions with the blocks' ratios in them.
        if (options.SplitRows is { Count: > 1 } sizes)
            throw new ArgumentException($"SplitRows must be null or one number, for dion has other averages then. Actual value was [{string.Join(", ", sizes)}]: take Checkpoint.");
        if (options.SplitRows is [var rows])
            written.Add(Heads, HeadsOf(group, rows));
        return written;
    }

    /// <summary>The hyper-parameters of a group that dion wrote.</summary>
    /// <param name="saved">The group.</param>
    /// <param name="path">Where in the file it is, for messages.</param>
    /// <param name="group">The optimizer's own.</param>
    /// <param name="number">What a value is as a number; null if it is none.</param>
    /// <exception cref="InvalidDataException">There is one without an equivalent, or out of its range.</exception>
    public static NorMuonOptions Read(PickleDictionary saved, string path, ParameterGroup group, Func<object?, double?> number)
    {
        var options = (NorMuonOptions)group.AnyOptions;
        string[] known = [LearningRate, Momentum, Beta2, WeightDecay, Cautious, Epsilon, Nesterov, Flatten, Adjustment, Heads, Algorithm];
        foreach (var key in saved.Keys)
        {
            if (key is not string name || !(known.Contains(name) || TorchOptimizer.IsIgnored(name) || _constants.Any(constant => constant.Name == name)))
                throw new InvalidDataException($"'{path}.{PickleValue.Describe(key)}' is none of {nameof(NorMuonOptions)}");
        }
        if (saved.GetValueOrDefault(Algorithm) is not Name)
            throw Wrong(Algorithm, $"'{Name}'");
        try
        {
            return options with
            {
                LearningRate = Number(LearningRate),
                Momentum = Number(Momentum),
                Beta2 = Number(Beta2),
                WeightDecay = Number(WeightDecay),
                WeightDecayMode = Flag(Cautious) ? WeightDecayMode.Cautious : WeightDecayMode.Decoupled,
                Epsilon = new NorMuonOptions().Epsilon,
                NewtonSchulz = options.NewtonSchulz with { Epsilon = Number(Epsilon) },
                Nesterov = Flag(Nesterov),
                FlattenConvolutions = Flag(Flatten),
                AdjustLearningRate = saved.GetValueOrDefault(Adjustment) switch
                {
                    null => LearningRateAdjustment.None,
                    string text when _adjustments.TryGetValue(text, out var adjustment) => adjustment,
                    _ => throw Wrong(Adjustment, $"None or one of {string.Join(", ", _adjustments.Keys)}"),
                },
                SplitRows = SplitRows(),
            };
        }
        catch (ArgumentException failure)
        {
            throw new InvalidDataException($"'{path}': {failure.Message}", failure);
        }

        double Number(string name) => number(saved.GetValueOrDefault(name)) ?? throw Wrong(name, "a number");
        bool Flag(string name) => saved.GetValueOrDefault(name) as bool? ?? throw Wrong(name, "True or False");
        InvalidDataException Wrong(string name, string needed) => new($"'{path}.{name}' must be {needed}. Actual value was {PickleValue.Describe(saved.GetValueOrDefault(name))}");
        IReadOnlyList<int>? SplitRows() => saved.GetValueOrDefault(Heads) switch
        {
            null or 1L => null,
            long heads and > 1 when group.Parameters.All(parameter => parameter.Shape[0] == group.Parameters[0].Shape[0] && parameter.Shape[0] % heads == 0) => [(int)(group.Parameters[0].Shape[0] / heads)],
            _ => throw Wrong(Heads, "None or a number that divides the rows of all parameters of the group, which must have as many"),
        };
    }

    private static long HeadsOf(ParameterGroup group, int rows)
    {
        var heads = group.Parameters[0].Shape[0] / rows;
        return group.Parameters.All(parameter => parameter.Shape[0] == heads * rows)
            ? heads
            : throw new ArgumentException($"SplitRows of one number, for which dion writes how many heads there are, must cut all parameters of a group into as many. Actual value was [{rows}]: take Checkpoint.");
    }
}
