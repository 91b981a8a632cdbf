using System.Globalization;
using GpuOptim.Host;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>A run in a file, or in several, checked whole, with tensors that are still there.</summary>
internal sealed class RunReader
{
    private readonly Optimizer _optimizer;
    private readonly IReadOnlyList<ISchedule> _schedules;
    private readonly ScheduleConstants _constants;
    private readonly CheckpointMetadata _metadata;
    private readonly List<(DeviceBuffer To, StateTensor From)> _tensors;
    private readonly HashSet<Parameter> _summed;
    private readonly StateDictionary _state;

    private RunReader(
        Optimizer optimizer,
        IReadOnlyList<ISchedule> schedules,
        ScheduleConstants constants,
        CheckpointMetadata metadata,
        List<(DeviceBuffer To, StateTensor From)> tensors,
        HashSet<Parameter> summed,
        StateDictionary state)
    {
        _optimizer = optimizer;
        _schedules = schedules;
        _constants = constants;
        _metadata = metadata;
        _tensors = tensors;
        _summed = summed;
        _state = state;
    }

    /// <summary>Checks a run.</summary>
    /// <param name="source">The run.</param>
    /// <param name="optimizer">The optimizer that the run must be of.</param>
    /// <param name="schedules">Its schedules.</param>
    /// <param name="averaged">The names of the parameters that it has averages of.</param>
    /// <param name="options">How names and types are taken.</param>
    /// <param name="transfer">Is told what is read.</param>
    /// <exception cref="InvalidDataException">It is damaged, or another run's.</exception>
    /// <exception cref="ArgumentException">Its state is not the optimizer's.</exception>
    public static RunReader Read(IRunSource source, Optimizer optimizer, IReadOnlyList<ISchedule> schedules, IReadOnlySet<string> averaged, LoadOptions options, Transfer transfer)
    {
        var metadata = source.ReadMetadata();
        var names = new RunNames(metadata, options.Rename);
        metadata = names.Rename(metadata);
        var entries = names.Rename(source.Tensors(transfer));

        var values = options.Convert ? new RunParameters(metadata, entries.ToDictionary(), optimizer) : null;
        var tensors = new List<(DeviceBuffer To, StateTensor From)>();
        foreach (var parameter in optimizer.Parameters)
            Find(parameter.Data, parameter, optimizer.PlaceOf(parameter), rounded: true);
        foreach (var (average, place) in optimizer.PlacedAverages())
            Find(average.Data, average, place with { Name = CheckpointContent.AveragePrefix + place.Name });
        var summed = new HashSet<Parameter>();
        if (metadata.Accumulation is { } accumulation)
            FindSums(accumulation);
        foreach (var name in (IEnumerable<string>)[.. optimizer.Parameters.Select(parameter => parameter.Name), .. averaged.Select(name => CheckpointContent.AveragePrefix + name), .. summed.Select(parameter => CheckpointContent.AccumulationPrefix + parameter.Name)])
        {
            if (!entries.Remove(name))
                throw new InvalidDataException($"Parameter '{name}' is missing");
        }
        var state = State();
        if (values is not null)
            state = optimizer.Converted(state, parameter => values.Value(parameter.Name, parameter.WholeShape));
        optimizer.ThrowIfForeign(state);
        if (metadata.Schedules.Count != schedules.Count)
            throw new InvalidDataException($"The file must have the states of {schedules.Count} schedules. Actual number was {metadata.Schedules.Count}");
        for (var i = 0; i < schedules.Count; i++)
            schedules[i].ThrowIfForeign(metadata.Schedules[i], options.ScheduleConstants);
        if (metadata.Scaler is null != optimizer.GradientScaler is null)
            throw new InvalidDataException($"The file must have the state of a gradient scaler if the optimizer has a scaler, and none if it has none. Actual state was {metadata.Scaler?.ToString() ?? "none"}");
        if (metadata.AverageUpdates is null != optimizer.WeightAverage is null)
            throw new InvalidDataException($"The file must have averages of parameters if the optimizer has some, and none if it has none. Actual number of their updates was {metadata.AverageUpdates?.ToString(CultureInfo.InvariantCulture) ?? "none"}");
        source.Verify(transfer);
        return new(optimizer, schedules, options.ScheduleConstants, metadata, tensors, summed, state);

        void Find(DeviceBuffer to, Parameter like, TensorPlace place, bool rounded = false)
        {
            like.Locate?.Invoke();
            ObjectDisposedException.ThrowIf(to.IsDisposed, like);
            if (!entries.TryGetValue(place.Name, out var tensor))
                throw new InvalidDataException($"Parameter '{place.Name}' is missing");
            var whole = (rounded ? values?.Rounded(like, place) : null) ?? tensor.Fit($"Parameter '{place.Name}'", to.ElementType, place.Shape, options.Convert);
            tensors.Add((to, whole.Part(place.Start, like.Shape)));
        }

        void FindSums(GradientAccumulationState saved)
        {
            if (optimizer.Declared != optimizer)
                throw new InvalidDataException($"The file must be of whole steps, for each process has sums of its own. It has the gradients of {saved.Count} of a step's {saved.Batches} batches");
            if (optimizer.Accumulation is not { } own || own.Batches != saved.Batches)
                throw new InvalidDataException($"The file has the gradients of {saved.Count} of a step's {saved.Batches} batches, and the optimizer must have a GradientAccumulation of as many. Actual number was {optimizer.Accumulation?.Batches.ToString(CultureInfo.InvariantCulture) ?? "none"}");
            foreach (var parameter in optimizer.Parameters.Where(parameter => parameter.GradientSum is not null && entries.ContainsKey(CheckpointContent.AccumulationPrefix + parameter.Name)))
            {
                Find(parameter.GradientSum!, parameter, optimizer.PlaceOf(parameter) with { Name = CheckpointContent.AccumulationPrefix + parameter.Name });
                summed.Add(parameter);
            }
        }

        StateDictionary State()
        {
            if (metadata.Groups.Count != optimizer.Groups.Count)
                throw new InvalidDataException($"The file must have {optimizer.Groups.Count} parameter groups, as the optimizer has. Actual number was {metadata.Groups.Count}");
            GroupState[] groups = [.. metadata.Groups.Select((group, i) => new GroupState(group.Optimizer, Checkpoint.Options(group.Options, optimizer.Groups[i].AnyOptions), group.Parameters))];
            var states = metadata.Steps.ToDictionary(pair => pair.Key, pair => (Step: pair.Value, Tensors: new OrderedDictionary<string, StateTensor>()));
            foreach (var (name, tensor) in entries)
            {
                var end = name.LastIndexOf('/');
                if (!name.StartsWith(CheckpointContent.StatePrefix, StringComparison.Ordinal) || end < CheckpointContent.StatePrefix.Length || !states.TryGetValue(name[CheckpointContent.StatePrefix.Length..end], out var state))
                    throw new InvalidDataException($"Tensor '{name}' is neither a parameter of the optimizer nor its state, nor an average");
                state.Tensors.Add(name[(end + 1)..], StateOf(tensor, $"Tensor '{name}'", options.Convert));
            }
            return new(groups, states.ToDictionary(pair => pair.Key, pair => new ParameterState(pair.Value.Step, pair.Value.Tensors)));
        }
    }

    /// <summary>Takes the run over.</summary>
    public void Apply()
    {
        foreach (var (to, from) in _tensors)
            from.CopyTo(to);
        _optimizer.TakeState(_state);
        _optimizer.Accumulation?.Load(_metadata.Accumulation, _summed);
        if (_metadata.Scaler is not null)
            _optimizer.GradientScaler!.Load(_metadata.Scaler);
        if (_metadata.AverageUpdates is { } updates)
            _optimizer.WeightAverage!.UpdateCount = updates;
        for (var i = 0; i < _schedules.Count; i++)
            _schedules[i].Load(_metadata.Schedules[i], _constants);
    }

    /// <summary>State as it is in the file, which the optimizer then converts and checks.</summary>
    private static StateTensor StateOf(FileTensor tensor, string what, bool convert)
    {
        if (Enum.TryParse<ElementType>(tensor.Type, out var own))
            return new(own, tensor.Shape, tensor.Read(what));
        // Nothing here has numbers of more bits.
        return convert && ConvertedBytes.Takes(tensor.Type)
            ? new(ElementType.Float32, tensor.Shape, tensor.Bytes(what, ElementType.Float32, convert))
            : throw new InvalidDataException($"{what} must be one of {string.Join(", ", Enum.GetNames<ElementType>())}. Actual type was {tensor.Type}");
    }
}
