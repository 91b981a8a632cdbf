using GpuOptim.Host;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>An optimizer's <c>state_dict()</c>: <c>state</c> by the number of the parameter, and <c>param_groups</c>.</summary>
internal static class TorchState
{
    public const string State = "state", Groups = "param_groups", Parameters = "params", Names = "param_names", Step = "step";

    /// <summary>The largest number up to which float32, in which PyTorch counts, has all.</summary>
    private const long MaxStep = 1 << 24;

    /// <summary>The state dictionary; tensors are <see cref="StateTensor"/>.</summary>
    /// <exception cref="ArgumentException">PyTorch has no equivalent.</exception>
    public static PickleDictionary Write(Optimizer optimizer)
    {
        var kind = TorchOptimizer.Of(optimizer);
        var live = optimizer.LiveState();
        var states = new PickleDictionary();
        var groups = new List<object?>();
        var index = 0L;
        foreach (var group in optimizer.Groups)
        {
            var indices = new List<object?>();
            foreach (var parameter in group.Parameters)
            {
                if (live.Parameters.TryGetValue(parameter.Name, out var state) && state.Names.Any())
                    states.Add(index, Write(parameter, state));
                indices.Add(index++);
            }
            var written = kind.Write(group);
            written.Add(Parameters, indices);
            // PyTorch has the names of parameters there if it was given them. They do not affect how it loads, and here they are checked.
            written.Add(Names, group.Parameters.Select(parameter => (object?)parameter.Name).ToList());
            groups.Add(written);
        }
        return new() { [State] = states, [Groups] = groups };
    }

    /// <summary>The state that PyTorch saved of an optimizer like this one, with tensors that are still in the file.</summary>
    /// <exception cref="InvalidDataException">It is none, or another's.</exception>
    public static StateDictionary Read(TorchFile file, PickleDictionary saved, Optimizer optimizer)
    {
        var kind = TorchOptimizer.Of(optimizer);
        if (saved.GetValueOrDefault(Groups) is not List<object?> savedGroups || saved.GetValueOrDefault(State) is not PickleDictionary savedStates)
            throw new InvalidDataException($"An optimizer's state must have a dictionary '{State}' and a list '{Groups}'");
        if (savedGroups.Count != optimizer.Groups.Count)
            throw new InvalidDataException($"The file must have {optimizer.Groups.Count} parameter groups, as the optimizer has. Actual number was {savedGroups.Count}");

        var parameters = new Dictionary<object, Parameter>();
        var groups = new List<GroupState>();
        for (var i = 0; i < savedGroups.Count; i++)
        {
            var group = savedGroups[i] as PickleDictionary ?? throw new InvalidDataException($"Parameter group {i} must be a dictionary");
            Number(group, i, optimizer.Groups[i], parameters);
            try
            {
                groups.Add(new(optimizer.GetType().Name, kind.Read(group, optimizer.Groups[i].AnyOptions, file.Number), [.. optimizer.Groups[i].Parameters.Select(parameter => parameter.Name)]));
            }
            catch (InvalidDataException failure)
            {
                throw new InvalidDataException($"Parameter group {i}: {failure.Message}", failure);
            }
        }

        var states = new Dictionary<string, ParameterState>();
        foreach (var (index, state) in savedStates)
        {
            if (!parameters.TryGetValue(index, out var parameter) || state is not PickleDictionary entries)
                throw new InvalidDataException($"State must be a dictionary for each number of a parameter. '{PickleValue.Describe(index)}' is none");
            states.Add(parameter.Name, Read(file, entries, parameter, kind));
        }
        return new(groups, states);
    }

    private static PickleDictionary Write(Parameter parameter, ParameterState state)
    {
        var entries = new PickleDictionary();
        if (state.Step is { } step)
        {
            if (step > MaxStep)
                throw new ArgumentException($"Steps must be at most {MaxStep}, up to which PyTorch counts. Actual number of parameter '{parameter.Name}' was {step}: take Checkpoint.");
            entries.Add(Step, StateTensor.Create<float>([], [step]));
        }
        foreach (var (name, tensor) in state.Tensors)
            entries.Add(name, tensor);
        return entries;
    }

    private static ParameterState Read(TorchFile file, PickleDictionary entries, Parameter parameter, TorchOptimizer kind)
    {
        long? step = null;
        var tensors = new OrderedDictionary<string, StateTensor>();
        foreach (var (key, value) in entries)
        {
            if (key is Step && kind.CountsSteps)
            {
                step = file.Number(value) is { } number && number == Math.Floor(number) && Math.Abs(number) <= 1L << 53
                    ? (long)number
                    : throw new InvalidDataException($"'{Step}' of parameter '{parameter.Name}' must be a whole number. Actual value was {file.Number(value)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}");
            }
            else if (value is TorchTensor tensor)
            {
                tensors.Add($"{key}", file.Tensor($"State '{PickleValue.Describe(key)}' of parameter '{parameter.Name}'", tensor));
            }
            else if (value is not null)
            {
                throw new InvalidDataException($"State '{PickleValue.Describe(key)}' of parameter '{parameter.Name}' must be a tensor or None. Actual value was {PickleValue.Describe(value)}");
            }
        }
        return new(step, tensors);
    }

    /// <summary>Adds which numbers stand for the parameters of a group.</summary>
    private static void Number(PickleDictionary saved, int place, ParameterGroup group, Dictionary<object, Parameter> parameters)
    {
        if (saved.GetValueOrDefault(Parameters) is not List<object?> indices || indices.Count != group.Parameters.Count)
            throw new InvalidDataException($"Parameter group {place} must have {group.Parameters.Count} parameters, as the optimizer's. Actual number was {(saved.GetValueOrDefault(Parameters) as List<object?>)?.Count ?? 0}");
        for (var i = 0; i < indices.Count; i++)
        {
            if (indices[i] is not long index || !parameters.TryAdd(index, group.Parameters[i]))
                throw new InvalidDataException($"Parameter {i} of group {place} must have a number of its own. Actual value was {PickleValue.Describe(indices[i])}");
        }
        if (!saved.TryGetValue(Names, out var value))
            return;
        if (value is not List<object?> names || names.Count != indices.Count)
            throw new InvalidDataException($"'{Names}' of group {place} must be {indices.Count} names");
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] as string != group.Parameters[i].Name)
                throw new InvalidDataException($"Parameter {i} of group {place} must be '{group.Parameters[i].Name}', as in the optimizer. Actual name was '{PickleValue.Describe(names[i])}'");
        }
    }
}
