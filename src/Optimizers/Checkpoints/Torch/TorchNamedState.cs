namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>
/// State by the names of parameters, as <c>torch.distributed.checkpoint.state_dict</c> has it, perhaps of several optimizers in one, and perhaps flattened:
/// <c>state.NAME.exp_avg</c> and <c>param_groups.NAME.lr</c>.
/// </summary>
internal static class TorchNamedState
{
    private const string StatePrefix = TorchState.State + ".", GroupPrefix = TorchState.Groups + ".";

    /// <summary>Whether a dictionary is flattened state.</summary>
    public static bool IsFlat(PickleDictionary saved) => saved.Keys.Any(key => key is string name && name.StartsWith(GroupPrefix, StringComparison.Ordinal));

    /// <summary>What of a state is that of one of several optimizers, whose parameters its groups name.</summary>
    public static PickleDictionary PartOf(PickleDictionary saved, Optimizer optimizer, LoadOptions options)
    {
        if (IsFlat(saved) || saved.GetValueOrDefault(TorchState.Groups) is not List<object?> groups || saved.GetValueOrDefault(TorchState.State) is not PickleDictionary states)
            return saved;
        var own = optimizer.Parameters.Select(parameter => parameter.Name).ToHashSet();
        bool IsOwn(object? name) => name is string text && own.Contains(options.Rename?.Invoke(text) ?? text);
        return new()
        {
            [TorchState.State] = new PickleDictionary(states.Where(pair => IsOwn(pair.Key))),
            [TorchState.Groups] = groups.Where(group => group is PickleDictionary entries && entries.GetValueOrDefault(TorchState.Parameters) is List<object?> { Count: > 0 } names && names.TrueForAll(IsOwn)).ToList(),
        };
    }

    /// <summary>Flattened state as PyTorch's optimizers have it, in the groups of an optimizer; of others' parameters nothing.</summary>
    /// <exception cref="InvalidDataException">Parameters of one group have other hyper-parameters than each other, or one has none.</exception>
    public static PickleDictionary Unflatten(PickleDictionary saved, string path, Optimizer optimizer, LoadOptions options)
    {
        var own = optimizer.Parameters.Select(parameter => parameter.Name).ToHashSet();
        var (states, hyperParameters, names) = (new PickleDictionary(), new Dictionary<string, PickleDictionary>(), new Dictionary<string, string>());
        foreach (var (key, value) in saved)
        {
            if (key is not string text)
                continue;
            var (isState, isGroup, end) = (text.StartsWith(StatePrefix, StringComparison.Ordinal), text.StartsWith(GroupPrefix, StringComparison.Ordinal), text.LastIndexOf('.'));
            var start = isState ? StatePrefix.Length : GroupPrefix.Length;
            if (!(isState || isGroup) || end <= start)
                continue;
            var name = text[start..end];
            var renamed = options.Rename?.Invoke(name) ?? name;
            if (!own.Contains(renamed))
                continue;
            names[renamed] = name;
            if (isState)
                Entries(states, name)[text[(end + 1)..]] = value;
            else if (hyperParameters.TryGetValue(renamed, out var entries))
                entries[text[(end + 1)..]] = value;
            else
                hyperParameters.Add(renamed, new() { [text[(end + 1)..]] = value });
        }

        var groups = new List<object?>();
        foreach (var group in optimizer.Groups)
        {
            PickleDictionary? first = null;
            foreach (var parameter in group.Parameters)
            {
                if (!hyperParameters.TryGetValue(parameter.Name, out var entries))
                    throw new InvalidDataException($"'{(path.Length > 0 ? path + "." : "")}{GroupPrefix}{parameter.Name}' must have hyper-parameters. It is missing");
                first ??= entries;
                if (first.Keys.FirstOrDefault(key => !AreSame(first[key], entries.GetValueOrDefault(key))) is { } other)
                    throw new InvalidDataException($"Parameters of one group must have the same hyper-parameters. '{other}' of '{parameter.Name}' is not that of '{group.Parameters[0].Name}'");
            }
            groups.Add(new PickleDictionary(first!) { [TorchState.Parameters] = group.Parameters.Select(parameter => (object?)names[parameter.Name]).ToList() });
        }
        return new() { [TorchState.State] = states, [TorchState.Groups] = groups };
    }

    private static PickleDictionary Entries(PickleDictionary states, string name)
    {
        if (states.GetValueOrDefault(name) is not PickleDictionary entries)
            states[name] = entries = [];
        return entries;
    }

    private static bool AreSame(object? a, object? b) =>
        Equals(a, b) || (a is IReadOnlyList<object?> first && b is IReadOnlyList<object?> second && first.SequenceEqual(second)) || (a is TorchTensor && b is TorchTensor);
}
