using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Groups and steps, for every optimizer: its declared slots are all that is particular.</summary>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
public abstract partial class Optimizer<TOptions> : Optimizer where TOptions : OptimizerOptions
{
    private readonly List<ParameterGroup<TOptions>> _groups = [];
    private readonly List<TrackedParameter> _tracked = [];
    private readonly List<uint> _slotsInUse = [];
    private readonly StateSlot<TOptions>[] _slots;
    private readonly StateColumn[] _columns;
    private readonly uint _nonNegative;
    private readonly StateArena _arena;
    private int _builtLayout;
    private long _filledChanges;
    private DeviceStep? _filledFor;
    private bool _canRepeat;

    private protected Optimizer(IEnumerable<Parameter> parameters, TOptions options, IReadOnlyList<StateSlot<TOptions>> slots, IReadOnlyList<StateScalar<TOptions>>? scalars = null)
        : this([.. parameters ?? throw new ArgumentNullException(nameof(parameters))], options, slots, scalars ?? [])
    {
    }

    private Optimizer(Parameter[] parameters, TOptions options, IReadOnlyList<StateSlot<TOptions>> slots, IReadOnlyList<StateScalar<TOptions>> scalars)
        : base(ParameterChecks.DeviceOf(parameters))
    {
        if (scalars.Count > StateScalars.MaxCount)
            throw new ArgumentException($"scalars must be at most {StateScalars.MaxCount}. Actual number was {scalars.Count}.", nameof(scalars));
        _slots = [.. slots];
        _scalars = [.. scalars];
        _columns = StateColumn.For([.. slots.Select(slot => (slot.Name, slot.Shape))]);
        for (var slot = 0; slot < _slots.Length; slot++)
            _nonNegative |= _slots[slot].IsNonNegative ? 1u << slot : 0;
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
        {
            options.ThrowIfUnfit(parameter);
            ThrowIfUnfit(parameter, options);
        }
        var group = new ParameterGroup<TOptions>(added, options);
        _tracked.AddRange(added.Select(parameter => new TrackedParameter(parameter, _groups.Count, _columns.Length)));
        _groups.Add(group);
        _slotsInUse.Add(uint.MaxValue);
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

    /// <inheritdoc/>
    public sealed override long StateBytes => _arena.Bytes;

    internal sealed override int StateSize(int group, Parameter parameter)
    {
        var (options, size) = (_groups[group].Options, 0);
        for (var column = 0; column < _columns.Length; column++)
        {
            // What many elements share is next to nothing for each.
            if (_columns[column].IsOfElements && IsInUse(column, options, parameter))
                size += TypeOf(column, options, parameter).Size();
        }
        return size;
    }

    internal sealed override void PrepareStep(DeviceStep step)
    {
        AllocateState();
        // What scalars are depends on which steps were done, not only on how many.
        if (_scalars.Length > 0)
            ReadChecks(wait: true);
        if (StateHolder is not null)
            return;
        // Read before addresses are: what changes meanwhile has the next step look again.
        var changes = Device.Changes;
        if (_builtLayout != Layout || TablesAreStale || (changes != _filledChanges && HasDataMoved()))
        {
            BuildTables();
            foreach (var tracked in _tracked)
                tracked.DataAddress = tracked.Parameter.Data.Address;
            _builtLayout = Layout;
            _canRepeat = false;
        }
        // A model's optimizer may also step alone, of which what the device keeps of the model's steps knows nothing.
        IsRepeat = _canRepeat && changes == _filledChanges && step == _filledFor;
        if (!IsRepeat)
        {
            CountRepeats();
            FillTables();
            (_filledChanges, _filledFor) = (changes, step);
        }
        CreateRules();
    }

    internal sealed override void RunStep(in StepContext context)
    {
        // If a launch fails, the next step starts afresh.
        _canRepeat = false;
        RunTables(context);
    }

    internal sealed override void FinishStep(in StepContext context)
    {
        if (IsRepeat && context.Bit is null)
            Repeats++;
        else
            CountStep(context.Bit);
        // Scalars are other constants in each step, with the options of that step.
        _canRepeat = context.Bit is null && !context.FoundInf && !UsesStateFirst && _scalars.Length == 0;
    }

    /// <summary>Whether a parameter's data lie elsewhere than the tables say.</summary>
    private bool HasDataMoved()
    {
        foreach (var tracked in _tracked)
        {
            ObjectDisposedException.ThrowIf(tracked.Parameter.Data.IsDisposed, tracked.Parameter);
            if (tracked.Parameter.Data.Address != tracked.DataAddress)
                return true;
        }
        return false;
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
    private protected abstract void RunTables(in StepContext context);

    /// <summary>Remembers that every parameter with a gradient was updated, or may have been.</summary>
    /// <param name="pendingBit">The bit of a step that the device may have skipped; null if it was done.</param>
    private void CountStep(int? pendingBit)
    {
        CountRepeats();
        AdvanceScalars();
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

    internal sealed override void ResolveStep(int bit, bool foundInf)
    {
        foreach (var tracked in _tracked)
        {
            if ((tracked.Pending & (1ul << bit)) == 0)
                continue;
            tracked.Pending &= ~(1ul << bit);
            if (!foundInf)
                Count(tracked);
        }
    }

    private static void Count(TrackedParameter tracked)
    {
        tracked.Step++;
        tracked.Scalars = tracked.NextScalars;
        tracked.Written |= tracked.InUse;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _arena.Dispose();
        base.Dispose(disposing);
    }
}
