using System.Numerics;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// An optimizer that updates each element by a rule of its own. Derive from it to make one: options, the slots of its state, and the
/// rule of a step are all it takes.
/// </summary>
/// <remarks>
/// A step gathers the distinct rules, one for each group, step count and first use, and launches one fused update for each set of
/// element types, whatever the number of tensors and groups. After the first step it allocates nothing.
/// </remarks>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
/// <typeparam name="TRule">The rule.</typeparam>
public abstract class ElementwiseOptimizer<TOptions, TRule> : Optimizer<TOptions>
    where TOptions : OptimizerOptions
    where TRule : unmanaged, IUpdateRule
{
    private readonly Dictionary<(int Group, StepInfo Step, int Pending), int> _ruleIndex = [];
    private readonly List<(int Group, StepInfo Step, int Pending)> _ruleKeys = [];
    private readonly List<(UpdateBatch Table, TrackedParameter[] Members)> _batches = [];
    private readonly List<(ComputePrecision, StateRounding, int)> _builtFor = [];
    private readonly RuleWrapper<TRule> _wrapper = new();
    private TRule[] _rules = [];
    private uint[] _steps = [];
    private int _ruleCount;

    /// <summary>Starts with one group of parameters.</summary>
    /// <param name="parameters">At least one, all on one device, no two of the same name or memory.</param>
    /// <param name="options">The group's hyper-parameters.</param>
    /// <param name="slots">The state tensors in the order in which the rule takes them; as many as the rule has.</param>
    /// <param name="scalars">What each parameter has one number of, two at most; null for none.</param>
    /// <exception cref="ArgumentException">A parameter cannot be taken; the message says which and why.</exception>
    protected ElementwiseOptimizer(IEnumerable<Parameter> parameters, TOptions options, IReadOnlyList<StateSlot<TOptions>> slots, IReadOnlyList<StateScalar<TOptions>>? scalars = null)
        : this(parameters, options, slots, scalars, ownStates: TRule.StateCount)
    {
    }

    /// <summary>The same of one that gives the rule some of its states itself.</summary>
    private protected ElementwiseOptimizer(IEnumerable<Parameter> parameters, TOptions options, IReadOnlyList<StateSlot<TOptions>> slots, IReadOnlyList<StateScalar<TOptions>>? scalars, int ownStates)
        : base(parameters, options, slots, scalars)
    {
        var elements = slots.Where(slot => slot.Shape is StateShape.Elements or StateShape.ElementsOfVectors);
        if (elements.Count() != ownStates)
            throw new ArgumentException($"slots must be as many as {typeof(TRule).Name} has, {ownStates}. Actual number was {elements.Count()}.", nameof(slots));
        if (ownStates == TRule.StateCount && slots.FirstOrDefault(slot => slot.Shape != StateShape.Elements) is { } shared)
            throw new ArgumentException($"Shape of slots must be Elements, for a rule goes element by element. Actual value of '{shared.Name}' was {shared.Shape}.", nameof(slots));
    }

    /// <summary>The rule for one update of a group's parameters.</summary>
    /// <param name="options">The group's hyper-parameters.</param>
    /// <param name="step">Which update of the parameters this is.</param>
    protected abstract TRule CreateRule(TOptions options, StepInfo step);

    /// <summary>The rules of the step in preparation.</summary>
    private protected ReadOnlySpan<TRule> Rules => _rules.AsSpan(0, _ruleCount);

    /// <summary>The tables, with the parameters of each.</summary>
    private protected IReadOnlyList<(UpdateBatch Table, TrackedParameter[] Members)> Tables => _batches;

    /// <summary>The rule that has an index.</summary>
    private protected virtual TRule CreateRule(int index, ParameterGroup<TOptions> group, StepInfo step) => CreateRule(group.Options, step);

    /// <summary>Makes room for so many of what there is for each rule.</summary>
    private protected virtual void ResizeRules(int length)
    {
    }

    private protected sealed override bool UsesStateFirst => _ruleKeys.Exists(key => key.Step.IsFirstUse);

    private protected sealed override bool TablesAreStale
    {
        get
        {
            for (var i = 0; i < _builtFor.Count; i++)
            {
                if (_builtFor[i] != TableOptions(Groups[i].Options))
                    return true;
            }
            return false;
        }
    }

    private protected override void FillTables()
    {
        _ruleIndex.Clear();
        _ruleKeys.Clear();
        _ruleCount = 0;
        foreach (var (table, members) in _batches)
            Fill(table, members);
    }

    private protected sealed override void CreateRules()
    {
        if (_ruleCount > _rules.Length)
        {
            Array.Resize(ref _rules, Math.Max(4, 2 * _ruleCount));
            Array.Resize(ref _steps, _rules.Length);
            ResizeRules(_rules.Length);
        }
        var index = 0;
        // Behind the step that the tables were filled for come those that repeat it.
        var later = IsRepeat ? Repeats + 1 : 0;
        foreach (var (group, step, pending) in _ruleKeys)
        {
            for (var done = pending; done >= 0; done--)
            {
                var number = step.Step + later + done;
                _rules[index + pending - done] = CreateRule(index + pending - done, Groups[group], step with { Step = number, IsFirstUse = step.IsFirstUse && done == 0 });
                _steps[index + pending - done] = (uint)number;
            }
            index += pending + 1;
        }
    }

    private protected sealed override void RunTables(in StepContext context)
    {
        var buckets = new BucketWalk(context.Buckets);
        for (var i = 0; i < _batches.Count; i++)
        {
            buckets.Enter(_batches[i].Members[0].Parameter.Bucket);
            RunTable(i, context);
        }
        buckets.Leave();
    }

    /// <summary>Has the device update a table.</summary>
    private protected virtual void RunTable(int index, in StepContext context)
    {
        var table = _batches[index].Table;
        var rules = Rules;
        Begin(table, context);
        if (table.IsEncoded && context.Gradients is { } transformed)
            Device.UpdateEncoded(_wrapper.Number(rules, transformed, _steps), table);
        else if (table.IsEncoded)
            Device.UpdateEncoded(_wrapper.Number(rules, _steps), table);
        else if (context.Gradients is { } gradients)
            Device.Update(_wrapper.Wrap(rules, gradients), table);
        else
            Device.Update(rules, table);
    }

    /// <summary>Tells a table of the step.</summary>
    private protected void Begin(UpdateBatch table, in StepContext context)
    {
        (table.Step, table.GradientNorm, table.Average, table.IsRepeated) = (context.Step, context.GradientNorm, context.Average, IsRepeat);
        if (context.FoundInf)
            table.Gradients.Clear();
    }

    internal sealed override IEnumerable<TableTensor> TableTensors() => Alike().SelectMany(alike => alike.Members.Select(tracked => new TableTensor(tracked.Parameter, 0, tracked.Parameter.WholeLength, 1)));

    internal sealed override void Collect(List<UpdateBatch> tables)
    {
        foreach (var (table, _) in _batches)
        {
            table.IsRepeated = IsRepeat;
            tables.Add(table);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var (table, _) in _batches)
            table.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Writes the columns of a table that change from step to step.</summary>
    private void Fill(UpdateBatch table, TrackedParameter[] members)
    {
        var gradients = table.Gradients;
        var rules = table.Rules;
        (int Group, StepInfo, int) last = (-1, default, 0);
        var index = -1;
        for (var i = 0; i < members.Length; i++)
        {
            var tracked = members[i];
            gradients[i] = GradientAddress(tracked);
            table.Pending[i] = tracked.Pending;
            if (gradients[i] == 0)
                continue;
            var key = (tracked.Group, NextStep(tracked), BitOperations.PopCount(tracked.Pending));
            if (key != last)
                (last, index) = (key, RuleIndex(key));
            rules[i] = index;
        }
    }

    /// <summary>The index of a rule; behind it are those for one pending step skipped, two, and so on to all of them.</summary>
    /// <param name="key">The group, the step if all pending ones are skipped, and how many are pending.</param>
    private int RuleIndex((int Group, StepInfo Step, int Pending) key)
    {
        if (!_ruleIndex.TryGetValue(key, out var index))
        {
            index = _ruleCount;
            _ruleCount += key.Pending + 1;
            _ruleIndex.Add(key, index);
            _ruleKeys.Add(key);
        }
        return index;
    }

    private protected override void BuildTables()
    {
        foreach (var (table, _) in _batches)
            table.Dispose();
        _batches.Clear();
        foreach (var (types, members) in Alike())
            _batches.Add((CreateTable(types, members), members));
        _builtFor.Clear();
        _builtFor.AddRange(Groups.Select(group => TableOptions(group.Options)));
    }

    /// <summary>Makes the table of tensors that are updated together.</summary>
    private protected virtual UpdateBatch CreateTable(UpdateTypes types, TrackedParameter[] members) =>
        Device.CreateUpdateBatch(types, [.. members.Select(tracked => SegmentOf(tracked, 0, tracked.Parameter.Length))]);

    /// <summary>What makes a table: tensors of a bucket and of the same types.</summary>
    private protected virtual IEnumerable<(UpdateTypes Types, TrackedParameter[] Members)> Alike() => Tracked
        .GroupBy(tracked => (tracked.Parameter.Bucket, Types: TypesOf(tracked)))
        .OrderBy(alike => alike.Key.Bucket)
        .Select(alike => (alike.Key.Types, alike.ToArray()));

    /// <summary>The options that tables depend on, of those that may change.</summary>
    private static (ComputePrecision, StateRounding, int) TableOptions(TOptions options) => (options.ComputePrecision, options.StateRounding, options.RoundingSeed);
}
