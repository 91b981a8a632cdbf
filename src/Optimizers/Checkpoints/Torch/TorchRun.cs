namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>What a PyTorch file holds of a run, wherever the program put it; each part with the path to it.</summary>
/// <param name="IsStateAlone">Whether the file is the state of optimizers and nothing else.</param>
/// <param name="Optimizers">States of optimizers.</param>
/// <param name="Model">Tensors by name; null if there are none.</param>
/// <param name="Parameters">Tensors in the optimizer's order; null if there are none.</param>
/// <param name="Scaler">The state of a gradient scaler; null if there is none.</param>
/// <param name="Schedules">States of schedulers.</param>
/// <param name="Entries">What the file has at its top, for messages.</param>
internal sealed record TorchRun(
    bool IsStateAlone,
    IReadOnlyList<(string Path, PickleDictionary State)> Optimizers,
    (string Path, PickleDictionary Tensors)? Model,
    (string Path, List<object?> Tensors)? Parameters,
    (string Path, PickleDictionary State)? Scaler,
    IReadOnlyList<(string Path, PickleDictionary State)> Schedules,
    string Entries)
{
    private const int EntriesInMessages = 8;

    public const string OptimizerKey = "optimizer", OptimizersKey = "optimizers", ParametersKey = "params", ModelKey = "model", ScalerKey = "scaler", SchedulerKey = "scheduler", SchedulersKey = "schedulers";

    /// <summary>The keys that programs take; Lightning's are <c>state_dict</c>, <c>optimizer_states</c>, <c>lr_schedulers</c>.</summary>
    private static readonly string[]
        _optimizers = [OptimizerKey, "optimizer_state_dict", OptimizersKey, "optimizer_states", "optimizer_state_dicts", "optimizers_state_dict"],
        _models = [ModelKey, "model_state_dict", "state_dict"],
        _scalers = [ScalerKey, "scaler_state_dict", "grad_scaler", "amp_scaler", "MixedPrecision", "MixedPrecisionPlugin", "native_amp_scaling_state"],
        _schedules = [SchedulerKey, "scheduler_state_dict", "lr_scheduler", "lr_scheduler_state_dict", SchedulersKey, "lr_schedulers"];

    /// <summary>The keys under which a model is looked for, for messages.</summary>
    public static string ModelKeys => string.Join(" or ", _models);

    /// <summary>The keys under which optimizers are looked for, for messages.</summary>
    public static string OptimizerKeys => string.Join(", ", _optimizers);

    /// <summary>Finds the parts.</summary>
    /// <param name="root">What was saved.</param>
    /// <param name="options">Which entries are meant, where the caller says so.</param>
    /// <exception cref="InvalidDataException">It is neither a dictionary nor a list of optimizers' states, or an entry that the caller names is not there.</exception>
    public static TorchRun Of(object? root, LoadOptions options)
    {
        var run = Find(root, options.Model);
        if (options.Optimizer is not { } wanted)
            return run;
        // One of several, or an entry of the caller's own naming.
        var chosen = run.Optimizers.Where(each => each.Path == wanted).ToList();
        if (chosen.Count == 0 && root is PickleDictionary file && file.TryGetValue(wanted, out var value))
            chosen = States(wanted, value, IsOptimizer);
        return chosen.Count > 0
            ? run with { Optimizers = chosen }
            : throw new InvalidDataException($"The file must have an optimizer's state '{wanted}', as LoadOptions.Optimizer says. Actual states were {string.Join(", ", run.Optimizers.Select(each => $"'{each.Path}'"))}, entries {run.Entries}");
    }

    private static TorchRun Find(object? root, string? modelKey)
    {
        if (States("", root, IsOptimizer) is { Count: > 0 } alone && alone.TrueForAll(each => IsOptimizer(each.State)))
            return new(true, alone, null, null, null, [], "");
        if (root is not PickleDictionary file)
            throw new InvalidDataException($"The file must hold a dictionary. Actual value was {PickleValue.Describe(root)}");
        var model = Find(file, _models, value => value is PickleDictionary) is (var path, PickleDictionary tensors) ? (path, tensors) : ((string, PickleDictionary)?)null;
        if (modelKey is not null)
        {
            model = file.GetValueOrDefault(modelKey) is PickleDictionary named
                ? (modelKey, named)
                : throw new InvalidDataException($"The file must have a dictionary '{modelKey}', as LoadOptions.Model says. Actual value was {PickleValue.Describe(file.GetValueOrDefault(modelKey))}");
        }
        var optimizers = (Find(file, _optimizers, value => value is PickleDictionary or IReadOnlyList<object?>) ?? Find(file, _optimizers, _ => true)) is { } saved ? States(saved.Path, saved.Value, IsOptimizer) : [];
        var list = file.GetValueOrDefault(ParametersKey) is List<object?> values ? (ParametersKey, values) : ((string, List<object?>)?)null;
        // A module's state dictionary is tensors by name, and nothing else.
        if (model is null && list is null && optimizers.Count == 0)
            model = ("", file);
        return new(
            false,
            optimizers,
            model,
            list,
            Find(file, _scalers, value => value is PickleDictionary) is (var scalerPath, PickleDictionary scaler) ? (scalerPath, scaler) : null,
            Find(file, _schedules, value => value is PickleDictionary or IReadOnlyList<object?>) is { } schedules ? States(schedules.Path, schedules.Value, state => state.ContainsKey("last_epoch") || state.ContainsKey("_schedulers")) : [],
            string.Join(", ", file.Keys.Take(EntriesInMessages).Select(key => $"'{PickleValue.Describe(key)}'")));
    }

    private static bool IsOptimizer(PickleDictionary state) => state.ContainsKey(TorchState.Groups) || TorchNamedState.IsFlat(state);

    /// <summary>One state, or several in a list, a tuple or a dictionary.</summary>
    private static List<(string Path, PickleDictionary State)> States(string path, object? value, Func<PickleDictionary, bool> isState) => value switch
    {
        PickleDictionary state when isState(state) => [(path, state)],
        PickleDictionary several when several.Count > 0 && several.Values.All(each => each is PickleDictionary state && isState(state)) =>
            [.. several.Select(pair => ($"{path}{(path.Length > 0 ? "." : "")}{PickleValue.Describe(pair.Key)}", (PickleDictionary)pair.Value!))],
        PickleDictionary other when path.Length > 0 => [(path, other)],
        IReadOnlyList<object?> several when several.Count > 0 && several.All(each => each is PickleDictionary state && isState(state)) =>
            [.. several.Select((each, i) => ($"{path}[{i}]", (PickleDictionary)each!))],
        _ => [],
    };

    /// <summary>The first entry of some names that is of the kind that is needed: <c>model</c> may be a model's name.</summary>
    private static (string Path, object Value)? Find(PickleDictionary file, string[] keys, Func<object, bool> isOfKind) =>
        keys.FirstOrDefault(key => file.GetValueOrDefault(key) is { } value && isOfKind(value)) is { } key ? (key, file[key]!) : null;
}
