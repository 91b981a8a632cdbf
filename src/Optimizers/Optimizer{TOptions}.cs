using System.Globalization;
using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Groups, state and state dictionaries, for every optimizer: its declared slots are all that is particular.</summary>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
public abstract class Optimizer<TOptions> : Optimizer where TOptions : OptimizerOptions
{
    private readonly List<ParameterGroup<TOptions>> _groups = [];
    private readonly List<TrackedParameter> _tracked = [];
    private readonly List<uint> _slotsInUse = [];
    private readonly StateSlot<TOptions>[] _slots;
    private readonly StateArena _arena;
    private int _builtLayout;
    private long _filledChanges;
    private bool _canRepeat;

    private protected Optimizer(IEnumerable<Parameter> parameters, TOptions options, IReadOnlyList<StateSlot<TOptions>> slots)
        : this([.. parameters ?? throw new ArgumentNullException(nameof(parameters))], options, slots)
    {
    }

    private Optimizer(Parameter[] parameters, TOptions options, IReadOnlyList<StateSlot<TOptions>> slots)
        : base(ParameterChecks.DeviceOf(parameters))
    {
        _slots = [.. slots];
        _arena = new StateArena(Device);
        AddGroup(parameters, options);
    }

    /// <summary>The parameters with their hyper-parameters.</summary>
    public new IReadOnlyList<ParameterGroup<TOptions>> Groups => _groups;

    /// <summary>Whether state dictionaries list how often each parameter was updated, as PyTorch's do for this optimizer.</summary>
    protected virtual bool RecordsStep => true;

    private protected override IReadOnlyList<ParameterGroup> GroupList => _groups;

    private protected IReadOnlyList<TrackedParameter> Tracked => _tracked;

    /// <summary>Counts how often tensors or state came or went: what was built from addresses is out of date when it changes.</summary>
    private int Layout { get; set; }

    /// <summary>How many steps have repeated the one that the tables were filled for: the same parameters have gradients, in the same places.</summary>
    /// <remarks>Such steps are not counted parameter by parameter, but all at once before a step that does not repeat it.</remarks>
    private protected int Repeats { get; private set; }

    /// <summary>Whether the step in preparation repeats the one before.</summary>
    private protected bool IsRepeat { get; private set; }

    /// <summary>Adds parameters with their own hyper-parameters; state of those there already stays where it is.</summary>
    /// <param name="parameters">At least one; none that the optimizer has already, by identity, name or memory.</param>
    /// <param name="options">The group's hyper-parameters.</param>
    /// <returns>The new group.</returns>
    /// <exception cref="ArgumentException">A parameter cannot be added; the message says which and why. Nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or a parameter's memory, was disposed of.</exception>
    public ParameterGroup<TOptions> AddGroup(IEnumerable<Parameter> parameters, TOptions options)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        var added = parameters.ToArray();
        ParameterChecks.DeviceOf(added);
        ParameterChecks.ThrowIfUnfit(_tracked.Select(tracked => tracked.Parameter), added, Device);
        options.Validate();
        foreach (var parameter in added)
            ThrowIfUnfit(parameter, options);
        var group = new ParameterGroup<TOptions>(added, options);
        _tracked.AddRange(added.Select(parameter => new TrackedParameter(parameter, _groups.Count, _slots.Length)));
        _groups.Add(group);
        _slotsInUse.Add(0);
        Layout++;
        return group;
    }

    /// <inheritdoc/>
    public override ParameterGroup AddGroup(IEnumerable<Parameter> parameters, OptimizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options is TOptions own
            ? AddGroup(parameters, own)
            : throw new ArgumentException($"options must be {typeof(TOptions).Name}. Actual type was {options.GetType().Name}.", nameof(options));
    }

    internal override StateDictionary LiveState()
    {
        Settle(wait: true);
        CountRepeats();
        var states = new Dictionary<string, ParameterState>();
        foreach (var tracked in _tracked.Where(tracked => tracked.Step > 0 || tracked.Written != 0))
        {
            var tensors = new OrderedDictionary<string, StateTensor>();
            for (var slot = 0; slot < _slots.Length; slot++)
            {
                if ((tracked.Written & (1u << slot)) != 0)
                    tensors.Add(_slots[slot].Name, new StateTensor(tracked.State[slot]!.ElementType, tracked.Shape, new TensorBytes.OnDevice(tracked.State[slot]!)));
            }
            states.Add(tracked.Parameter.Name, new(RecordsStep ? tracked.Step : null, tensors));
        }
        return new([.. _groups.Select(group => new GroupState(GetType().Name, group.Options, [.. group.Parameters.Select(parameter => parameter.Name)]))], states);
    }

    internal override void TakeState(StateDictionary state)
    {
        Settle(wait: true);
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
                    if (tracked.State[slot] is null)
                        Allocate(tracked.Group, slot);
                    tensor.CopyTo(tracked.State[slot]!);
                    tracked.Written |= 1u << slot;
                }
                else
                {
                    tracked.State[slot]?.Clear();
                }
            }
        }
    }

    /// <summary>Refuses a parameter that the algorithm itself cannot take.</summary>
    /// <exception cref="ArgumentException">It cannot.</exception>
    private protected virtual void ThrowIfUnfit(Parameter parameter, TOptions options)
    {
    }

    /// <summary>Where a parameter's gradient lies; 0 if it has none for this step. Checks that its memory is there.</summary>
    private protected static nint GradientAddress(TrackedParameter tracked)
    {
        ObjectDisposedException.ThrowIf(tracked.Parameter.Data.IsDisposed, tracked.Parameter);
        return tracked.Parameter.HasGradient ? (tracked.Parameter.GradientSum ?? tracked.Parameter.GradientBuffer).Address : 0;
    }

    internal sealed override void PrepareStep()
    {
        AllocateState();
        if (_builtLayout != Layout || TablesAreStale)
        {
            BuildTables();
            _builtLayout = Layout;
            _canRepeat = false;
        }
        // Read before the columns are: what changes meanwhile has the next step look again.
        var changes = Device.Changes;
        IsRepeat = _canRepeat && changes == _filledChanges;
        if (!IsRepeat)
        {
            CountRepeats();
            FillTables();
            _filledChanges = changes;
        }
        CreateRules();
    }

    internal sealed override void RunStep(in StepChange change)
    {
        // If a launch fails, the next step starts afresh.
        _canRepeat = false;
        RunTables(change);
        if (IsRepeat && change.Bit is null)
            Repeats++;
        else
            CountStep(change.Bit);
        _canRepeat = change.Bit is null && !change.IsSkipped && !UsesStateFirst;
    }

    /// <summary>Whether tables must be built anew although no tensor came or went.</summary>
    private protected virtual bool TablesAreStale => false;

    /// <summary>Whether some rule of the last filled step was for state that held nothing yet, so that the next step has others.</summary>
    private protected virtual bool UsesStateFirst => false;

    /// <summary>Builds the tables of the tensors that are updated together.</summary>
    private protected abstract void BuildTables();

    /// <summary>Writes the columns of the tables that change from step to step.</summary>
    private protected abstract void FillTables();

    /// <summary>Makes the rules of the step in preparation, for the tables as they were last filled.</summary>
    private protected abstract void CreateRules();

    /// <summary>Has the device update the tables.</summary>
    private protected abstract void RunTables(in StepChange change);

    /// <summary>Remembers that every parameter with a gradient was updated, or may have been.</summary>
    /// <param name="pendingBit">The bit of a step that the device may have skipped; null if it was done.</param>
    private void CountStep(int? pendingBit)
    {
        CountRepeats();
        foreach (var tracked in _tracked)
        {
            tracked.IsUpdated = tracked.Parameter.HasGradient;
            if (!tracked.IsUpdated)
                continue;
            if (pendingBit is { } bit)
                tracked.Pending |= 1ul << bit;
            else
                Count(tracked);
        }
    }

    /// <summary>Counts the steps that repeated the one before, parameter by parameter, and has the next one look again.</summary>
    private void CountRepeats()
    {
        _canRepeat = false;
        if (Repeats == 0)
            return;
        foreach (var tracked in _tracked)
        {
            if (tracked.IsUpdated)
                tracked.Step += Repeats;
        }
        Repeats = 0;
    }

    internal sealed override void Rebuild() => Layout++;

    internal sealed override void SettleStep(int bit, bool isSkipped)
    {
        foreach (var tracked in _tracked)
        {
            if ((tracked.Pending & (1ul << bit)) == 0)
                continue;
            tracked.Pending &= ~(1ul << bit);
            if (!isSkipped)
                Count(tracked);
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
            // Which slots a step that is not settled has written is known by those in use at the time.
            Settle(wait: true);
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

    private void Count(TrackedParameter tracked)
    {
        tracked.Step++;
        tracked.Written |= _slotsInUse[tracked.Group];
    }

    private protected ElementType StateTypeOf(TrackedParameter tracked) => StateType(_groups[tracked.Group].Options, tracked.Parameter);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _arena.Dispose();
        base.Dispose(disposing);
    }

    private static ElementType StateType(OptimizerOptions options, Parameter parameter) =>
        options.StatePrecision == StatePrecision.Float32 ? ElementType.Float32 : parameter.ElementType;

    private void Allocate(int group, int slot)
    {
        foreach (var alike in _tracked.Where(tracked => tracked.Group == group && tracked.State[slot] is null).GroupBy(StateTypeOf))
        {
            TrackedParameter[] members = [.. alike];
            var tensors = _arena.Allocate(alike.Key, [.. members.Select(tracked => tracked.Parameter.Length)]);
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
            if (!tensor.Shape.SequenceEqual(tracked.Shape))
                throw new ArgumentException($"State '{slot.Name}' of parameter '{name}' must have shape {Parameter.Describe(tracked.Shape)}. Actual shape was {Parameter.Describe([.. tensor.Shape])}.", nameof(state));
            if (tensor.ElementType != StateType(options, tracked.Parameter))
                throw new ArgumentException($"State '{slot.Name}' of parameter '{name}' must be {StateType(options, tracked.Parameter)}. Actual type was {tensor.ElementType}.", nameof(state));
        }
    }
}
