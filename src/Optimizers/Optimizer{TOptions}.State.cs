using System.Globalization;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Rules;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <content>State: made as options ask for it, copied to dictionaries, taken over from them once all of it is checked.</content>
public abstract partial class Optimizer<TOptions>
{
    internal override StateDictionary LiveState()
    {
        ReadChecks(wait: true);
        CountRepeats();
        var states = new Dictionary<string, ParameterState>();
        foreach (var tracked in _tracked.Where(tracked => tracked.Step > 0 || tracked.Written != 0))
        {
            var tensors = new OrderedDictionary<string, StateTensor>();
            WriteScalars(tracked, tensors);
            for (var column = 0; column < _columns.Length; column++)
            {
                if ((tracked.Written & (1u << column)) != 0)
                    tensors.Add(_columns[column].Name, new StateTensor(TypeOf(column, tracked), ShapeOf(column, tracked), Read(tracked, column)));
            }
            states.Add(tracked.Parameter.Name, new(ListsSteps(_groups[tracked.Group].Options) ? tracked.Step : null, tensors));
        }
        return new([.. _groups.Select(group => new GroupState(GetType().Name, group.Options, [.. group.Parameters.Select(parameter => parameter.Name)]))], states);
    }

    internal override void TakeState(StateDictionary state)
    {
        ReadChecks(wait: true);
        CountRepeats();
        for (var i = 0; i < _groups.Count; i++)
            _groups[i].Options = (TOptions)state.Groups[i].Options;
        AllocateState();
        foreach (var tracked in _tracked)
        {
            var saved = state.Parameters.GetValueOrDefault(tracked.Parameter.Name);
            tracked.Step = saved?.Step ?? 0;
            tracked.Written = 0;
            ReadScalars(tracked, saved);
            for (var column = 0; column < _columns.Length; column++)
            {
                if (saved is not null && saved.Tensors.TryGetValue(_columns[column].Name, out var tensor))
                {
                    if (StateHolder is null)
                    {
                        // Of a slot that was in use before, too.
                        if (tracked.State[column] is null)
                            Allocate(column, [tracked]);
                        tensor.CopyTo(tracked.State[column]!);
                    }
                    tracked.Written |= 1u << column;
                }
                else if (tracked.State[column] is { } own)
                {
                    Begin(column, [own], [tracked.Parameter]);
                }
            }
        }
    }

    /// <summary>Makes the state that the present options need and do not have yet.</summary>
    private protected void AllocateState()
    {
        for (var group = 0; group < _groups.Count; group++)
        {
            var options = _groups[group].Options;
            var inUse = 0u;
            for (var slot = 0; slot < _slots.Length; slot++)
            {
                if (_slots[slot].IsInUse?.Invoke(options) ?? true)
                    inUse |= 1u << slot;
            }
            if (inUse == _slotsInUse[group])
                continue;
            // Which slots a step of unknown outcome has written is known by those in use at the time.
            ReadChecks(wait: true);
            _slotsInUse[group] = inUse;
            foreach (var tracked in _tracked)
            {
                // A condition on the group would be an object in every step, whether it is asked or not.
                if (tracked.Group != group)
                    continue;
                tracked.InUse = 0;
                for (var column = 0; column < _columns.Length; column++)
                {
                    if (IsInUse(column, options, tracked.Parameter))
                        tracked.InUse |= 1u << column;
                }
            }
            for (var column = 0; column < _columns.Length; column++)
                Allocate(group, column);
            Layout++;
        }
    }

    /// <summary>The types of a parameter's update.</summary>
    private protected UpdateTypes TypesOf(TrackedParameter tracked) => _groups[tracked.Group].Options.UpdateTypesOf(tracked.Parameter) with { NonNegative = _nonNegative };

    /// <summary>Whether a parameter's next update reads a slot of state that none has written.</summary>
    private protected bool IsFirstUse(TrackedParameter tracked) => (tracked.InUse & ~tracked.Written & ((1u << _slots.Length) - 1)) != 0;

    /// <summary>Where a part of a parameter, and of its state, lies.</summary>
    /// <param name="tracked">The parameter.</param>
    /// <param name="start">The first element of the part; a multiple of as many as share a number of state.</param>
    /// <param name="length">How many elements there are.</param>
    private protected UpdateSegment SegmentOf(TrackedParameter tracked, long start, long length)
    {
        var (parameter, average) = (tracked.Parameter.Data, AverageAddress(tracked.Parameter));
        return new(At(parameter, start), Numbers(0), Numbers(1), Numbers(2), length)
        {
            Average = average == 0 ? 0 : average + (nint)start * parameter.ElementType.Size(),
            Rest = At(Rest(), start),
            Scales = (Scales(0), Scales(1), Scales(2)),
            RandomKey = RandomKey.Of(_groups[tracked.Group].Options.RoundingSeed, tracked.Parameter.Origin.Parameter.Name),
            WholeStart = tracked.Parameter.Origin.Start + start,
        };

        // A parameter is rounded in one way: of what roundings keep, it has one at most.
        DeviceBuffer? Rest() => Enumerable.Range(FirstRest, StateColumn.Rests.Count).Select(Column).FirstOrDefault(rest => rest is not null);
        DeviceBuffer? Column(int column) => (tracked.InUse & (1u << column)) != 0 ? tracked.State[column] : null;
        nint Numbers(int slot) => slot < _slots.Length ? Shared(slot) : 0;
        nint Scales(int slot) => slot < _slots.Length ? Shared(_slots.Length + slot) : 0;
        nint Shared(int column) => Column(column) is { } state ? At(state, start / _columns[column].ElementsEach(tracked.Shape)) : 0;
        static nint At(DeviceBuffer? buffer, long index) => buffer is null ? 0 : buffer.Address + (nint)index * buffer.ElementType.Size();
    }

    /// <summary>Whether state dictionaries list how often a parameter was updated: also where its next updates are only then rounded at random.</summary>
    private bool ListsSteps(TOptions options) => RecordsStep || options.MayRoundAtRandom;

    /// <summary>Whether they must.</summary>
    private bool RecordsSteps(TOptions options) => RecordsStep || options.RoundsAtRandom;

    private bool IsInUse(int slot, TOptions options) => _slots[slot].IsInUse?.Invoke(options) ?? true;

    /// <summary>Whether a parameter has a tensor of state.</summary>
    private bool IsInUse(int column, TOptions options, Parameter parameter) => _columns[column].IsFor(parameter.Shape) && _columns[column] switch
    {
        { Kind: StateColumnKind.Numbers } numbers => IsInUse(numbers.Slot, options),
        { Kind: StateColumnKind.Scales } scales => IsInUse(scales.Slot, options) && HasScales(scales, options, parameter),
        var rest => options.RoundingOf(parameter) == rest.Rounding,
    };

    /// <summary>The first column of what roundings keep.</summary>
    private int FirstRest => 2 * _slots.Length;

    private static bool HasScales(StateColumn column, TOptions options, Parameter parameter) =>
        column.Shape is StateShape.Elements or StateShape.ElementsOfVectors && Codec.Of(options.StateOf(parameter).Encoding, isNonNegative: false).CompanionSize > 0;

    private ElementType TypeOf(int column, TrackedParameter tracked) => TypeOf(column, _groups[tracked.Group].Options, tracked.Parameter);

    private ElementType TypeOf(int column, TOptions options, Parameter parameter) =>
        _columns[column] is { Kind: StateColumnKind.Numbers, IsOfElements: true } ? options.StateOf(parameter).Type : _columns[column].Type;

    /// <summary>The shape of state: where it is only declared, of the whole tensor's.</summary>
    private long[] ShapeOf(int column, TrackedParameter tracked) => _columns[column].ShapeFor(StateHolder is null ? tracked.Shape : tracked.WholeShape);

    internal override StateColumn? ColumnOf(string name) => _columns.FirstOrDefault(column => column.Name == name);

    private TensorBytes Read(TrackedParameter tracked, int column) =>
        StateHolder?.Read(tracked.Parameter, _columns[column].Name, TypeOf(column, tracked), _columns[column].ElementsEach(tracked.WholeShape)) ?? new TensorBytes.OnDevice(tracked.State[column]!);

    /// <summary>Makes a group's tensors of one column where they are in use and not there yet.</summary>
    private void Allocate(int group, int column)
    {
        if (StateHolder is null)
            Allocate(column, _tracked.Where(tracked => tracked.Group == group && (tracked.InUse & (1u << column)) != 0 && tracked.State[column] is null));
    }

    /// <summary>Makes tensors of one column.</summary>
    private void Allocate(int column, IEnumerable<TrackedParameter> owners)
    {
        foreach (var alike in owners.GroupBy(tracked => TypeOf(column, tracked)))
        {
            TrackedParameter[] members = [.. alike];
            Parameter[] parameters = [.. members.Select(tracked => tracked.Parameter)];
            var tensors = _columns[column].IsOfElements
                ? _arena.Allocate(alike.Key, parameters)
                : _arena.Allocate(alike.Key, [.. members.Select(tracked => Parameter.Volume(_columns[column].Name, _columns[column].ShapeFor(tracked.Shape)))]);
            for (var i = 0; i < members.Length; i++)
                members[i].State[column] = tensors[i];
            Begin(column, tensors, parameters, areNew: true);
        }
    }

    /// <summary>Has state be what it is before the first update: zero, but a copy of the parameter is one.</summary>
    private void Begin(int column, DeviceBuffer[] state, Parameter[] parameters, bool areNew = false)
    {
        if (_columns[column].Rounding != ParameterRounding.Master)
        {
            if (!areNew)
                Array.ForEach(state, tensor => tensor.Clear());
            return;
        }
        foreach (var alike in state.Zip(parameters).GroupBy(each => each.Second.ElementType))
        {
            (DeviceBuffer Master, Parameter Parameter)[] pairs = [.. alike];
            var types = new UpdateTypes(ElementType.Float32, alike.Key, ElementType.Float32, ElementType.Float32);
            using var copy = Device.CreateUpdateBatch(types, [.. pairs.Select(pair => new UpdateSegment(pair.Master.Address, 0, 0, 0, pair.Master.Length))]);
            for (var i = 0; i < pairs.Length; i++)
            {
                // A piece's own memory is filled only when it is its turn.
                var (origin, start) = pairs[i].Parameter.Origin;
                copy.Gradients[i] = origin.Data.Address + (nint)((start - origin.WholeStart) * alike.Key.Size());
            }
            Device.Update<CopyRule>([default], copy);
        }
    }

    internal override void ThrowIfForeign(StateDictionary state)
    {
        if (state.Groups.Count != _groups.Count)
            throw new ArgumentException($"state must have {_groups.Count} parameter groups, as the optimizer has. Actual number was {state.Groups.Count}.", nameof(state));

        for (var i = 0; i < _groups.Count; i++)
        {
            if (state.Groups[i].Optimizer != GetType().Name)
                throw new ArgumentException($"Group {i} of state must be of optimizer {GetType().Name}. Actual optimizer was {state.Groups[i].Optimizer}.", nameof(state));
            if (state.Groups[i].Options is not TOptions options)
                throw new ArgumentException($"Group {i} of state must have {typeof(TOptions).Name}. Actual type was {state.Groups[i].Options?.GetType().Name ?? "null"}.", nameof(state));
            options.Validate();
            if (options.StatePrecision != _groups[i].Options.StatePrecision)
                throw new ArgumentException($"StatePrecision of group {i} must be {_groups[i].Options.StatePrecision}, as the optimizer's. Actual value in state was {options.StatePrecision}; of a file, LoadOptions.Convert takes it.", nameof(state));
            if (options.FullPrecisionBelow != _groups[i].Options.FullPrecisionBelow)
                throw new ArgumentException($"FullPrecisionBelow of group {i} must be {_groups[i].Options.FullPrecisionBelow}, as the optimizer's. Actual value in state was {options.FullPrecisionBelow}; of a file, LoadOptions.Convert takes it.", nameof(state));
            if (options.ParameterRounding != _groups[i].Options.ParameterRounding)
                throw new ArgumentException($"ParameterRounding of group {i} must be {_groups[i].Options.ParameterRounding}, as the optimizer's. Actual value in state was {options.ParameterRounding}; of a file, LoadOptions.Convert takes it.", nameof(state));
            options.ThrowIfRetyped(_groups[i].Options, _groups[i].Parameters);
            var own = _groups[i].Parameters.Select(parameter => parameter.Name).ToHashSet();
            if (state.Groups[i].Parameters.FirstOrDefault(name => !own.Contains(name)) is { } unexpected)
                throw new ArgumentException($"Parameter '{unexpected}' is in group {i} of state but not of the optimizer.", nameof(state));
            if (own.Except(state.Groups[i].Parameters).FirstOrDefault() is { } missing)
                throw new ArgumentException($"Parameter '{missing}' is in group {i} of the optimizer but not of state.", nameof(state));
        }

        if (state.Parameters.Keys.Except(_tracked.Select(tracked => tracked.Parameter.Name)).FirstOrDefault() is { } foreign)
            throw new ArgumentException($"State is given for parameter '{foreign}', which the optimizer does not have.", nameof(state));
        foreach (var tracked in _tracked)
        {
            if (state.Parameters.TryGetValue(tracked.Parameter.Name, out var saved))
                ThrowIfForeign(tracked, saved, (TOptions)state.Groups[tracked.Group].Options);
        }
    }

    private void ThrowIfForeign(TrackedParameter tracked, ParameterState state, TOptions options)
    {
        var name = tracked.Parameter.Name;
        if (RecordsSteps(options) && state.Step is not > 0)
            throw new ArgumentException($"step of parameter '{name}' must be at least 1. Actual value was {state.Step?.ToString(CultureInfo.InvariantCulture) ?? "missing"}.", nameof(state));
        // A slot that was in use before may have state still.
        StateColumn[] known = [.. _columns.Where((column, i) => column.Kind switch
        {
            StateColumnKind.Numbers => column.IsFor(tracked.Shape),
            StateColumnKind.Scales => HasScales(column, options, tracked.Parameter),
            _ => IsInUse(i, options, tracked.Parameter),
        })];
        string[] names = [.. ScalarNames, .. known.Select(column => column.Name)];
        if (state.Tensors.Keys.Except(names).FirstOrDefault() is { } unexpected)
            throw new ArgumentException($"State '{unexpected}' of parameter '{name}' is none of {GetType().Name}'s: {string.Join(", ", names)}.", nameof(state));
        ThrowIfForeignScalars(name, state);
        for (var i = 0; i < _columns.Length; i++)
        {
            var (column, isInUse) = (_columns[i], IsInUse(i, options, tracked.Parameter));
            if (!state.Tensors.TryGetValue(column.Name, out var tensor))
            {
                // PyTorch lists no momentum before there is any; what belongs to numbers that are there, or to the parameter, must be there.
                var isNeeded = column.Kind switch
                {
                    StateColumnKind.Numbers => RecordsStep && isInUse,
                    StateColumnKind.Scales => HasScales(column, options, tracked.Parameter) && state.Tensors.ContainsKey(_columns[column.Slot].Name),
                    _ => isInUse,
                };
                if (isNeeded)
                    throw new ArgumentException($"State '{column.Name}' of parameter '{name}' is missing{(column.Slot < 0 ? "; of a file, LoadOptions.Convert begins it with the parameter's value" : "")}.", nameof(state));
                continue;
            }
            if (column.Kind == StateColumnKind.Scales && !state.Tensors.ContainsKey(_columns[column.Slot].Name))
                throw new ArgumentException($"State '{column.Name}' of parameter '{name}' must belong to '{_columns[column.Slot].Name}', which is missing.", nameof(state));
            var (shape, type) = (ShapeOf(i, tracked), TypeOf(i, options, tracked.Parameter));
            if (!tensor.Shape.SequenceEqual(shape))
                throw new ArgumentException($"State '{column.Name}' of parameter '{name}' must have shape {Parameter.Describe(shape)}. Actual shape was {Parameter.Describe([.. tensor.Shape])}.", nameof(state));
            if (tensor.ElementType != type)
                throw new ArgumentException($"State '{column.Name}' of parameter '{name}' must be {type}. Actual type was {tensor.ElementType}.", nameof(state));
        }
    }
}
