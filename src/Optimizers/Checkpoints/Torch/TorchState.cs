using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>An optimizer's <c>state_dict()</c>: <c>state</c> by the number of the parameter, and <c>param_groups</c>.</summary>
internal static class TorchState
{
    public const string State = "state", Groups = "param_groups", Parameters = "params", Names = "param_names", Step = "step";

    /// <summary>The largest number up to which float32, in which PyTorch counts, has all.</summary>
    private const long MaxStep = 1 << 24;

    /// <summary>The state dictionary; tensors are <see cref="StateTensor"/>.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="schedules">Schedules that keep something in its groups.</param>
    /// <exception cref="ArgumentException">PyTorch has no equivalent.</exception>
    public static PickleDictionary Write(Optimizer optimizer, IReadOnlyList<ISchedule> schedules)
    {
        var kind = TorchOptimizer.Of(optimizer);
        // PyTorch knows no codes: what they stand for is written.
        var live = optimizer.Decoded(optimizer.LiveState());
        var states = new PickleDictionary();
        var groups = new List<object?>();
        var index = 0L;
        foreach (var group in optimizer.Groups)
        {
            var indices = new List<object?>();
            foreach (var parameter in group.Parameters)
            {
                if ((live.Parameters.GetValueOrDefault(parameter.Name) ?? Initial(parameter, group.AnyOptions)) is { } state && Write(parameter, state, kind, optimizer) is { Count: > 0 } entries)
                    states.Add(index, entries);
                indices.Add(index++);
            }
            var written = kind.Write(group);
            foreach (var (name, value) in schedules.Where(schedule => schedule.Optimizer.Declared is var of && (of == optimizer || of == optimizer.Owner)).SelectMany(TorchSchedule.GroupEntries))
                written[name] = value;
            written.Add(Parameters, indices);
            // PyTorch has the names of parameters there if it was given them. They do not affect how it loads, and here they are checked.
            written.Add(Names, group.Parameters.Select(parameter => (object?)parameter.Name).ToList());
            groups.Add(written);
        }
        return new() { [State] = states, [Groups] = groups };
    }

    /// <summary>The state that PyTorch saved of an optimizer like this one, with tensors that are still in the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Where in it the state is, for messages.</param>
    /// <param name="saved">The state.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="options">How names and types are taken.</param>
    /// <exception cref="InvalidDataException">It is none, or another's.</exception>
    public static StateDictionary Read(TorchFile file, string path, PickleDictionary saved, Optimizer optimizer, LoadOptions options)
    {
        var kind = TorchOptimizer.Of(optimizer);
        var prefix = path.Length > 0 ? path + "." : "";
        if (TorchNamedState.IsFlat(saved))
            saved = TorchNamedState.Unflatten(saved, path, optimizer, options);
        if (saved.GetValueOrDefault(Groups) is not List<object?> savedGroups || saved.GetValueOrDefault(State) is not PickleDictionary savedStates)
            throw new InvalidDataException($"An optimizer's state must have a dictionary '{prefix}{State}' and a list '{prefix}{Groups}'");
        if (savedGroups.Count != optimizer.Groups.Count)
            throw new InvalidDataException($"'{prefix}{Groups}' must have {optimizer.Groups.Count} parameter groups, as the optimizer has. Actual number was {savedGroups.Count}");

        var parameters = new Dictionary<object, (Parameter Parameter, OptimizerOptions Options)>();
        var groups = new List<GroupState>();
        for (var i = 0; i < savedGroups.Count; i++)
        {
            var place = $"{prefix}{Groups}[{i}]";
            var group = savedGroups[i] as PickleDictionary ?? throw new InvalidDataException($"'{place}' must be a dictionary. Actual value was {PickleValue.Describe(savedGroups[i])}");
            Number(group, place, optimizer.Groups[i], parameters, options);
            var read = kind.Read(group, place, optimizer.Groups[i], file.Number);
            // How numbers lie in PyTorch's memory, from where they are converted.
            if (options.Convert)
                read = read with { StatePrecision = StatePrecision.SameAsParameter, ParameterRounding = ParameterRounding.Nearest };
            groups.Add(new(optimizer.GetType().Name, read, [.. optimizer.Groups[i].Parameters.Select(parameter => parameter.Name)]));
        }

        var states = new Dictionary<string, ParameterState>();
        foreach (var (index, saves) in savedStates)
        {
            if (!parameters.TryGetValue(index, out var own) || saves is not PickleDictionary entries)
                throw new InvalidDataException($"'{prefix}{State}' must have a dictionary for each number or name of a parameter. '{PickleValue.Describe(index)}' is none");
            var read = Read(file, $"{prefix}{State}[{PickleValue.Describe(index)}]", entries, own.Parameter, own.Options, kind, optimizer, options);
            // See Initial.
            if (read.Step != 0 || optimizer is not Adagrad)
                states.Add(own.Parameter.Name, read);
        }
        var state = new StateDictionary(groups, states);
        return options.Convert ? optimizer.Converted(state, values: null) : state;
    }

    /// <summary>The state that PyTorch has of a parameter that was never updated: Adagrad makes it when it is made, and cannot go on without.</summary>
    private static ParameterState? Initial(Parameter parameter, OptimizerOptions options)
    {
        if (options is not AdagradOptions adagrad)
            return null;
        var sum = new float[parameter.WholeLength];
        Array.Fill(sum, (float)adagrad.InitialAccumulatorValue);
        return new(0, new OrderedDictionary<string, StateTensor> { ["sum"] = StateTensor.Create<float>([.. parameter.WholeShape], sum) });
    }

    private static PickleDictionary Write(Parameter parameter, ParameterState state, TorchOptimizer kind, Optimizer optimizer)
    {
        var entries = new PickleDictionary();
        // Some count here for random numbers alone.
        if (state.Step is { } step && kind.CountsSteps)
        {
            if (step > MaxStep)
                throw new ArgumentException($"Steps must be at most {MaxStep}, up to which PyTorch counts. Actual number of parameter '{parameter.Name}' was {step}: take Checkpoint.");
            entries.Add(Step, StateTensor.Create<float>([], [step]));
        }
        foreach (var (name, tensor) in state.Tensors)
            entries.Add(name, optimizer.ScalarNames.Contains(name) ? tensor : tensor.As(parameter.ElementType));
        return entries;
    }

    private static ParameterState Read(TorchFile file, string path, PickleDictionary entries, Parameter parameter, OptimizerOptions own, TorchOptimizer kind, Optimizer optimizer, LoadOptions options)
    {
        long? step = null;
        var tensors = new OrderedDictionary<string, StateTensor>();
        var (type, encoding) = own.StateOf(parameter);
        foreach (var (key, value) in entries)
        {
            if (key is Step && kind.CountsSteps)
            {
                step = file.Number(value) is { } number && number == Math.Floor(number) && Math.Abs(number) <= 1L << 53
                    ? (long)number
                    : throw new InvalidDataException($"'{Step}' of parameter '{parameter.Name}', '{path}.{Step}', must be a whole number. Actual value was {PickleValue.Describe(file.Number(value) ?? value)}");
            }
            else if (key is string scalar && optimizer.ScalarNames.Contains(scalar) && file.Number(value) is { } single)
            {
                tensors.Add(scalar, StateTensor.Create<float>([], [(float)single]));
            }
            else if (value is TorchTensor tensor)
            {
                var what = $"State '{PickleValue.Describe(key)}' of parameter '{parameter.Name}'";
                var content = file.Content(tensor);
                if (!options.Convert && encoding is not (StateEncoding.None or StateEncoding.StochasticBFloat16))
                    throw new InvalidDataException($"{what} must be of StatePrecision.{own.StatePrecision}, as the optimizer's, which PyTorch does not have. Actual type was {content.Type}; LoadOptions.Convert takes it");
                // What is converted is so later, as a whole.
                var read = !options.Convert ? (optimizer.ColumnOf(key as string ?? "") is { IsOfElements: false } shared ? shared.Type : type) : Enum.TryParse<ElementType>(content.Type, out var its) && its.IsFloat() ? its : ElementType.Float32;
                tensors.Add(key as string ?? PickleValue.Describe(key), new(read, tensor.Shape, content.Bytes(what, read, options.Convert)));
            }
            else if (value is not null)
            {
                throw new InvalidDataException($"State '{PickleValue.Describe(key)}' of parameter '{parameter.Name}', '{path}.{PickleValue.Describe(key)}', must be a tensor or None. Actual value was {PickleValue.Describe(value)}");
            }
        }
        return new(step, tensors);
    }

    /// <summary>
    /// Adds which numbers, or names, stand for the parameters of a group. Where the file has names, they say which is which; else the order does.
    /// </summary>
    private static void Number(
        PickleDictionary saved, string path, ParameterGroup group, Dictionary<object, (Parameter Parameter, OptimizerOptions Options)> parameters, LoadOptions options)
    {
        if (saved.GetValueOrDefault(Parameters) is not List<object?> indices || indices.Count != group.Parameters.Count)
            throw new InvalidDataException($"'{path}.{Parameters}' must have {group.Parameters.Count} parameters, as the optimizer's group. Actual number was {(saved.GetValueOrDefault(Parameters) as List<object?>)?.Count ?? 0}");
        var names = saved.TryGetValue(Names, out var value) ? value as List<object?> : indices.TrueForAll(index => index is string) ? indices : null;
        if ((value is not null && names is null) || (names is not null && (names.Count != indices.Count || !names.TrueForAll(name => name is string))))
            throw new InvalidDataException($"'{path}.{Names}' must be {indices.Count} names. Actual value was {PickleValue.Describe(value)}");
        Parameter[] order = names is null ? [.. group.Parameters] : ByName([.. names.Cast<string>()], path, group, options);
        for (var i = 0; i < indices.Count; i++)
        {
            if (indices[i] is not (long or string) || !parameters.TryAdd(indices[i]!, (order[i], group.AnyOptions)))
                throw new InvalidDataException($"'{path}.{Parameters}[{i}]' must be a number or name of its own. Actual value was {PickleValue.Describe(indices[i])}");
        }
    }

    private static Parameter[] ByName(string[] names, string path, ParameterGroup group, LoadOptions options)
    {
        var own = group.Parameters.ToDictionary(parameter => parameter.Name);
        var order = new Parameter[names.Length];
        for (var i = 0; i < names.Length; i++)
        {
            if (!own.Remove(options.Rename?.Invoke(names[i]) ?? names[i], out order[i]!))
                throw new InvalidDataException($"Names of '{path}' must be those of the optimizer's group, each once. Actual name was '{PickleValue.Describe(names[i])}'{Advice(names, group)}");
        }
        return order;
    }

    private static string Advice(string[] names, ParameterGroup group) =>
        ParameterMatch.Advice([.. group.Parameters.Select(parameter => parameter.Name).Except(names)], [.. names.Except(group.Parameters.Select(parameter => parameter.Name))]) is { } advice ? $". {advice}" : "";
}
