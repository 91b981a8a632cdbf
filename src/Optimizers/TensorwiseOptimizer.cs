using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// An optimizer that moves each tensor along a direction by a step that depends on the sizes of both, their sums of squares. Derive from it to make one: options, slots, a
/// rule that makes the direction and one that takes the step.
/// </summary>
/// <remarks>
/// The first rule leaves the parameter as it is and writes the direction as its last state, for which there is no slot: it lies in memory that tensors use one after the
/// other, and is of the state's type. All is measured in double, in one order on all devices. Parameters and state are not encoded, tensors are whole: not sharded.
/// </remarks>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
/// <typeparam name="TRule">The rule that makes the direction.</typeparam>
/// <typeparam name="TStep">The rule that takes the step.</typeparam>
public abstract class TensorwiseOptimizer<TOptions, TRule, TStep> : ElementwiseOptimizer<TOptions, TRule>
    where TOptions : OptimizerOptions
    where TRule : unmanaged, IUpdateRule
    where TStep : unmanaged, ITensorRule<TStep>
{
    private const int Alignment = 64;

    private readonly List<DirectionTables> _tables = [];
    private readonly RuleWrapper<CopyRule> _copies = new();
    private CopyRule[] _copyRules = [];
    private TStep[] _steps = [];
    private DeviceBuffer<float>? _directions;

    /// <summary>Starts with one group of parameters.</summary>
    /// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
    /// <param name="options">The group's hyper-parameters.</param>
    /// <param name="slots">The state tensors in the order in which the first rule takes them; one less than it has.</param>
    /// <exception cref="ArgumentException">A parameter cannot be taken; the message says which and why.</exception>
    protected TensorwiseOptimizer(IEnumerable<Parameter> parameters, TOptions options, IReadOnlyList<StateSlot<TOptions>> slots)
        : base(parameters, options, slots, scalars: null, TRule.StateCount - 1)
    {
    }

    /// <summary>The rule that takes the step, before it is completed for a tensor.</summary>
    /// <param name="options">The group's hyper-parameters.</param>
    /// <param name="step">Which update of the parameters this is.</param>
    protected abstract TStep CreateStepRule(TOptions options, StepInfo step);

    internal sealed override bool TakesWholeTensors => true;

    /// <summary>The shape of a tensor as matrices whose rows and columns are averaged; null if it goes element by element.</summary>
    private protected virtual FactoredShape? FactorsOf(TrackedParameter tracked) => null;

    /// <summary>Has the device make the directions of tensors whose rows and columns are averaged.</summary>
    private protected virtual void MakeDirections(FactoredShape shape, UpdateBatch table) => throw new NotSupportedException();

    /// <summary>The rule that makes the direction, for a group.</summary>
    private protected virtual TRule CreateDirectionRule(ParameterGroup<TOptions> group, StepInfo step) => CreateRule(group.Options, step);

    private protected sealed override TRule CreateRule(int index, ParameterGroup<TOptions> group, StepInfo step)
    {
        _steps[index] = CreateStepRule(group.Options, step);
        return CreateDirectionRule(group, step);
    }

    private protected sealed override void ResizeRules(int length)
    {
        Array.Resize(ref _steps, length);
        Array.Resize(ref _copyRules, length);
    }

    private protected sealed override void ThrowIfUnfit(Parameter parameter, TOptions options)
    {
        if (!Device.SupportsMeasures)
            throw new ArgumentException($"{GetType().Name} must be given parameters on the CPU or CUDA. Parameter '{parameter.Name}' is on device '{Device.Name}'.", nameof(parameter));
        if (parameter.Length != parameter.WholeLength)
            throw new ArgumentException($"{GetType().Name} must have whole tensors, for it measures them. Parameter '{parameter.Name}' is a slice of one.", nameof(parameter));
        if (options.UpdateTypesOf(parameter).IsEncoded)
            throw new ArgumentException($"{GetType().Name} must have StatePrecision SameAsParameter, Float32 or BFloat16, StateRounding Nearest and ParameterRounding Nearest. Actual values for parameter '{parameter.Name}' were {options.StatePrecision}, {options.StateRounding} and {options.ParameterRounding}.", nameof(options));
    }

    /// <summary>Tensors of a table share the memory of directions; there are only so many of them that it need not be large, unless one tensor alone is.</summary>
    private protected sealed override IEnumerable<(UpdateTypes Types, TrackedParameter[] Members)> Alike()
    {
        foreach (var (types, all) in base.Alike())
        {
            foreach (var alike in all.Where(tracked => tracked.Parameter.Length > 0 || FactorsOf(tracked) is null).GroupBy(FactorsOf))
            {
                List<TrackedParameter> members = [];
                var length = 0L;
                foreach (var tracked in alike)
                {
                    if (members.Count > 0 && length + tracked.Parameter.Length > Device.DirectionsAtOnce)
                    {
                        yield return (types, [.. members]);
                        members.Clear();
                        length = 0;
                    }
                    members.Add(tracked);
                    length += tracked.Parameter.Length;
                }
                yield return (types, [.. members]);
            }
        }
    }

    private protected sealed override void BuildTables()
    {
        foreach (var tracked in Tracked)
            ThrowIfUnfit(tracked.Parameter, Groups[tracked.Group].Options);
        DisposeTables();
        var longest = Alike().Select(alike => alike.Members.Sum(tracked => Room(tracked.Parameter))).Append(0).Max();
        if (_directions is null || _directions.Length < longest)
        {
            _directions?.Dispose();
            _directions = Device.CreateBuffer<float>(longest);
        }
        base.BuildTables();
    }

    private protected sealed override UpdateBatch CreateTable(UpdateTypes types, TrackedParameter[] members)
    {
        var shape = FactorsOf(members[0]);
        var direction = shape is null ? types.State : ElementType.Float32;
        var directions = new nint[members.Length];
        var start = 0L;
        for (var i = 0; i < members.Length; i++)
        {
            directions[i] = _directions!.Address + (nint)start * direction.Size();
            start += Room(members[i].Parameter);
        }
        UpdateBatch Create(UpdateTypes types, Func<UpdateSegment, int, UpdateSegment> place) =>
            Device.CreateUpdateBatch(types, [.. members.Select((tracked, i) => place(SegmentOf(tracked, 0, tracked.Parameter.Length), i))]);
        UpdateSegment Bare(UpdateSegment segment) => segment with { State0 = 0, State1 = 0, State2 = 0 };
        var copies = new UpdateTypes(ElementType.Float32, types.Gradient, ElementType.Float32, ElementType.Float32);
        var tables = new DirectionTables(
            shape,
            directions,
            Create(types with { Gradient = types.Element }, (segment, _) => Bare(segment) with { Average = 0 }),
            Create(types with { Gradient = direction }, (segment, _) => Bare(segment)),
            shape is null ? null : Create(copies, (segment, i) => segment with { Parameter = directions[i], Average = 0 }));
        for (var i = 0; i < members.Length; i++)
            tables.Updates.Rules[i] = i;
        _tables.Add(tables);
        return shape is null
            ? Create(types, (segment, i) => WithDirection(segment, directions[i]) with { Average = 0 })
            : Create(copies, (segment, i) => Bare(segment) with { Parameter = directions[i], Average = 0 });
    }

    private protected sealed override void FillTables()
    {
        base.FillTables();
        for (var i = 0; i < _tables.Count; i++)
            _tables[i].Fill(Tables[i].Table, Tables[i].Members);
    }

    private protected sealed override void RunTable(int index, in StepContext context)
    {
        var (table, own) = (Tables[index].Table, _tables[index]);
        Begin(own.Updates, context);
        if (own is { Shape: { } shape, Factors: { } factors })
        {
            Begin(table, context);
            Begin(factors, context);
            // What is done to gradients is done once, and the result is where directions go.
            var areCopied = context.Gradients is not null;
            if (areCopied)
                Device.Update(_copies.Wrap(_copyRules.AsSpan(0, Rules.Length), context.Gradients!.Value), table);
            factors.GradientType = areCopied ? ElementType.Float32 : table.GradientType;
            factors.IsRepeated &= areCopied == own.AreCopied;
            own.AreCopied = areCopied;
            (areCopied ? own.Updates : table).Gradients.CopyTo(factors.Gradients);
            MakeDirections(shape, factors);
        }
        else
        {
            base.RunTable(index, context);
        }
        Begin(own.Parameters, context);
        Device.UpdateAlong<TStep>(_steps.AsSpan(0, Rules.Length), own.Parameters, own.Updates);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        DisposeTables();
        _directions?.Dispose();
        base.Dispose(disposing);
    }

    private void DisposeTables()
    {
        _tables.ForEach(tables => tables.Dispose());
        _tables.Clear();
    }

    /// <summary>How many elements are between a direction and the next.</summary>
    private static long Room(Parameter parameter) => (parameter.Length + Alignment - 1) / Alignment * Alignment;

    /// <summary>The direction behind the states of slots.</summary>
    private protected virtual UpdateSegment WithDirection(UpdateSegment segment, nint direction) => TRule.StateCount switch
    {
        1 => segment with { State0 = direction },
        2 => segment with { State1 = direction },
        _ => segment with { State2 = direction },
    };
}
