using GpuOptim.Host;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>The parts of a run in a file, each checked.</summary>
internal sealed class TorchRunReader(TorchFile file, LoadOptions options)
{
    private readonly TorchRun _run = TorchRun.Of(file.Root, options);

    /// <summary>Whether the file is the state of optimizers and nothing else.</summary>
    public bool IsStateAlone => _run.IsStateAlone;

    /// <summary>The state of an optimizer, or of the several that a model has, one behind the other.</summary>
    public StateDictionary State(Optimizer[] parts)
    {
        // torch.distributed writes several optimizers as one, whose groups name their parameters.
        if (_run.Optimizers is [var all] && parts.Length > 1)
            return Join(parts.Select(part => TorchState.Read(file, all.Path, TorchNamedState.PartOf(all.State, part, options), part, options)));
        if (_run.Optimizers.Count != parts.Length)
        {
            throw new InvalidDataException(_run.Optimizers.Count == 0
                ? $"The file must have an optimizer's state, alone or as one of {TorchRun.OptimizerKeys}. Actual entries were {_run.Entries}"
                : $"The file must have the state of {parts.Length} optimizers. Actual number was {_run.Optimizers.Count}: {string.Join(", ", _run.Optimizers.Select(each => $"'{each.Path}'"))}");
        }
        return Join(parts.Select((part, i) => TorchState.Read(file, _run.Optimizers[i].Path, _run.Optimizers[i].State, part, options)));
    }

    /// <summary>The state of a gradient scaler; null if there is none.</summary>
    public GradientScalerState? Scaler() => _run.Scaler is { } saved ? TorchScaler.Read(file, saved.State) : null;

    /// <summary>The state of each schedule.</summary>
    public ScheduleState[] Schedules(Optimizer[] parts, IReadOnlyList<ISchedule> schedules)
    {
        if (schedules.Count == 0)
            return [];
        if (_run.Schedules.Count != schedules.Count)
            throw new InvalidDataException($"The file must have the states of {schedules.Count} schedules. Actual number was {_run.Schedules.Count}");
        var states = new ScheduleState[schedules.Count];
        for (var i = 0; i < states.Length; i++)
        {
            // Those of the optimizer whose rates it moves: a part of a model's has its own.
            var own = Array.IndexOf(parts, schedules[i].Optimizer.Declared);
            var optimizers = own >= 0 && _run.Optimizers.Count == parts.Length ? [_run.Optimizers[own]] : _run.Optimizers;
            PickleDictionary[] groups = [.. optimizers.SelectMany(each => each.State.GetValueOrDefault(TorchState.Groups) as List<object?> ?? []).OfType<PickleDictionary>()];
            try
            {
                states[i] = TorchSchedule.Read(_run.Schedules[i].State, schedules[i], file.Number, groups);
                schedules[i].ThrowIfForeign(states[i], options.ScheduleConstants);
            }
            catch (Exception failure) when (failure is InvalidDataException or ArgumentException)
            {
                throw new InvalidDataException($"'{_run.Schedules[i].Path}': {failure.Message}", failure);
            }
        }
        return states;
    }

    /// <summary>The tensor of each parameter.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="buffers">What the model may hold besides.</param>
    /// <param name="placeOf">Where a parameter lies in its tensor; null: it is all of it.</param>
    public ParameterMatch Match(Parameter[] parameters, IReadOnlyList<ModelBuffer> buffers, Func<Parameter, TensorPlace>? placeOf = null)
    {
        if (_run.Model is { } model)
        {
            var others = buffers.Select(buffer => buffer.Name).ToHashSet();
            return ParameterMatch.Find(Tensors(model.Tensors), parameters, options, name => others.Contains(options.Rename?.Invoke(name) ?? name), placeOf);
        }
        if (_run.Parameters is not { } list)
            throw new InvalidDataException($"The file must have parameters, by name in {TorchRun.ModelKeys}, or a list '{TorchRun.ParametersKey}'. Actual entries were {_run.Entries}");
        if (list.Tensors.Count != parameters.Length)
            throw new InvalidDataException($"List '{list.Path}' must have {parameters.Length} tensors. Actual number was {list.Tensors.Count}");
        var tensors = parameters.Select((parameter, i) => (parameter.Name, Tensor: Content(list.Tensors[i]))).ToDictionary(each => each.Name, each => each.Tensor);
        return ParameterMatch.Find(tensors, parameters, options with { Rename = null }, placeOf: placeOf);
    }

    /// <summary>A buffer of the model as the file has it.</summary>
    /// <param name="buffer">Its name, type and shape.</param>
    public ModelBuffer Buffer(ModelBuffer buffer)
    {
        if (_run.Model?.Tensors.FirstOrDefault(pair => pair.Key is string name && (options.Rename?.Invoke(name) ?? name) == buffer.Name).Value is not TorchTensor tensor)
            throw new InvalidDataException($"Buffer '{buffer.Name}' of the model is missing in {TorchRun.ModelKeys}");
        if (tensor.Element.Name != buffer.Type || !tensor.Shape.SequenceEqual(buffer.Shape))
            throw new InvalidDataException($"Buffer '{buffer.Name}' must be {buffer.Type} of shape {Parameter.Describe(buffer.Shape)}. Actual type and shape were {tensor.Element.Name} and {Parameter.Describe(tensor.Shape)}");
        var bytes = new byte[buffer.Bytes.Length];
        file.Read(tensor, 0, bytes);
        return buffer with { Bytes = bytes };
    }

    private Dictionary<string, FileTensor> Tensors(PickleDictionary model) =>
        model.Where(pair => pair.Key is string).ToDictionary(pair => (string)pair.Key, pair => Content(pair.Value));

    private FileTensor Content(object? value) =>
        value is TorchTensor tensor ? file.Content(tensor) : new("", [], _ => throw new InvalidOperationException()) { OtherValue = PickleValue.Describe(value) };

    private static StateDictionary Join(IEnumerable<StateDictionary> states)
    {
        StateDictionary[] all = [.. states];
        return new([.. all.SelectMany(state => state.Groups)], all.SelectMany(state => state.Parameters).ToDictionary());
    }
}
