using System.Globalization;
using GpuOptim.Host;
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
            for (var slot = 0; slot < _slots.Length; slot++)
            {
                if ((tracked.Written & (1u << slot)) != 0)
                    tensors.Add(_slots[slot].Name, new StateTensor(StateTypeOf(tracked), ShapeOf(tracked), Read(tracked, slot)));
            }
            states.Add(tracked.Parameter.Name, new(RecordsStep ? tracked.Step : null, tensors));
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
            for (var slot = 0; slot < _slots.Length; slot++)
            {
                if (saved is not null && saved.Tensors.TryGetValue(_slots[slot].Name, out var tensor))
                {
                    if (StateHolder is null)
                    {
                        if (tracked.State[slot] is null)
                            Allocate(tracked.Group, slot);
                        tensor.CopyTo(tracked.State[slot]!);
                    }
                    tracked.Written |= 1u << slot;
                }
                else
                {
                    tracked.State[slot]?.Clear();
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
            for (var slot = 0; slot < _slots.Length; slot++)
            {
                if ((inUse & (1u << slot)) != 0)
                    Allocate(group, slot);
            }
            _slotsInUse[group] = inUse;
            Layout++;
        }
    }

    /// <summary>The slots that a group's options use, a bit for each, as of the last <see cref="AllocateState"/>.</summary>
    private protected uint SlotsInUse(int group) => _slotsInUse[group];

    private protected ElementType StateTypeOf(TrackedParameter tracked) => StateType(_groups[tracked.Group].Options, tracked.Parameter);

    private static ElementType StateType(OptimizerOptions options, Parameter parameter) =>
        options.StatePrecision == StatePrecision.Float32 ? ElementType.Float32 : parameter.ElementType;

    private protected ElementType ComputeTypeOf(TrackedParameter tracked) =>
        _groups[tracked.Group].Options.ComputePrecision == ComputePrecision.Float32 ? ElementType.Float32 : StateTypeOf(tracked);

    /// <summary>The shape of state: where it is only declared, of the whole tensor.</summary>
    private long[] ShapeOf(TrackedParameter tracked) => StateHolder is null ? tracked.Shape : tracked.WholeShape;

    private TensorBytes Read(TrackedParameter tracked, int slot) =>
        StateHolder?.Read(tracked.Parameter, _slots[slot].Name, StateTypeOf(tracked)) ?? new TensorBytes.OnDevice(tracked.State[slot]!);

    private void Allocate(int group, int slot)
    {
        if (StateHolder is not null)
            return;
        foreach (var alike in _tracked.Where(tracked => tracked.Group == group && tracked.State[slot] is null).GroupBy(StateTypeOf))
        {
            TrackedParameter[] members = [.. alike];
            var tensors = _arena.Allocate(alike.Key, [.. members.Select(tracked => tracked.Parameter)]);
            for (var i = 0; i < members.Length; i++)
                members[i].State[slot] = tensors[i];
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
                throw new ArgumentException($"StatePrecision of group {i} must be {_groups[i].Options.StatePrecision}, as the optimizer's. Actual value in state was {options.StatePrecision}.", nameof(state));
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
        if (RecordsStep && state.Step is not > 0)
            throw new ArgumentException($"step of parameter '{name}' must be at least 1. Actual value was {state.Step?.ToString(CultureInfo.InvariantCulture) ?? "missing"}.", nameof(state));
        if (state.Tensors.Keys.Except(_slots.Select(slot => slot.Name)).FirstOrDefault() is { } unexpected)
            throw new ArgumentException($"State '{unexpected}' of parameter '{name}' is none of {GetType().Name}'s: {string.Join(", ", _slots.Select(slot => slot.Name))}.", nameof(state));
        foreach (var slot in _slots)
        {
            if (!state.Tensors.TryGetValue(slot.Name, out var tensor))
            {
                if (RecordsStep && (slot.IsInUse?.Invoke(options) ?? true))
                    throw new ArgumentException($"State '{slot.Name}' of parameter '{name}' is missing.", nameof(state));
                continue;
            }
            if (!tensor.Shape.SequenceEqual(ShapeOf(tracked)))
                throw new ArgumentException($"State '{slot.Name}' of parameter '{name}' must have shape {Parameter.Describe(ShapeOf(tracked))}. Actual shape was {Parameter.Describe([.. tensor.Shape])}.", nameof(state));
            if (tensor.ElementType != StateType(options, tracked.Parameter))
                throw new ArgumentException($"State '{slot.Name}' of parameter '{name}' must be {StateType(options, tracked.Parameter)}. Actual type was {tensor.ElementType}.", nameof(state));
        }
    }
}
