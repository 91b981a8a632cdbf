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
        : base(parameters, options, slots, scalars)
    {
        if (slots.Count != TRule.StateCount)
            throw new ArgumentException($"slots must be as many as {typeof(TRule).Name} has, {TRule.StateCount}. Actual number was {slots.Count}.", nameof(slots));
        if (slots.FirstOrDefault(slot => slot.Shape != StateShape.Elements) is { } shared)
            throw new ArgumentException($"Shape of slots must be Elements, for a rule goes element by element. Actual value of '{shared.Name}' was {shared.Shape}.", nameof(slots));
    }

    /// <summary>The rule for one update of a group's parameters.</summary>
    /// <param name="options">The group's hyper-parameters.</param>
    /// <param name="step">Which update of the parameters this is.</param>
    protected abstract TRule CreateRule(TOptions options, StepInfo step);

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

    private protected sealed override void FillTables()
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
        }
        var index = 0;
        // Behind the step that the tables were filled for come those that repeat it.
        var later = IsRepeat ? Repeats + 1 : 0;
        foreach (var (group, step, pending) in _ruleKeys)
        {
            for (var done = pending; done >= 0; done--)
            {
                var number = step.Step + later + done;
                _rules[index + pending - done] = CreateRule(Groups[group].Options, step with { Step = number, IsFirstUse = step.IsFirstUse && done == 0 });
                _steps[index + pending - done] = (uint)number;
            }
            index += pending + 1;
        }
    }

    private protected sealed override void RunTables(in StepContext context)
    {
        ReadOnlySpan<TRule> rules = _rules.AsSpan(0, _ruleCount);
        var buckets = new BucketWalk(context.Buckets);
        foreach (var (table, members) in _batches)
        {
            buckets.Enter(members[0].Parameter.Bucket);
            (table.Step, table.GradientNorm, table.Average, table.IsRepeated) = (context.Step, context.GradientNorm, context.Average, IsRepeat);
            if (context.FoundInf)
                table.Gradients.Clear();
            if (table.IsEncoded && context.Gradients is { } transformed)
                Device.UpdateEncoded(_wrapper.Number(rules, transformed, _steps), table);
            else if (table.IsEncoded)
                Device.UpdateEncoded(_wrapper.Number(rules, _steps), table);
            else if (context.Gradients is { } gradients)
                Device.Update(_wrapper.Wrap(rules, gradients), table);
            else
                Device.Update(rules, table);
        }
        buckets.Leave();
    }

    internal sealed override IEnumerable<TableTensor> TableTensors() => Alike().SelectMany(alike => alike.Select(tracked => new TableTensor(tracked.Parameter, 0, tracked.Parameter.WholeLength, 1)));

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

    private protected sealed override void BuildTables()
    {
        foreach (var (table, _) in _batches)
            table.Dispose();
        _batches.Clear();
        foreach (var alike in Alike())
        {
            TrackedParameter[] members = [.. alike];
            var (_, types) = alike.Key;
            _batches.Add((Device.CreateUpdateBatch(types, [.. members.Select(tracked => SegmentOf(tracked, 0, tracked.Parameter.Length))]), members));
        }
        _builtFor.Clear();
        _builtFor.AddRange(Groups.Select(group => TableOptions(group.Options)));
    }

    /// <summary>What makes a table: tensors of a bucket and of the same types.</summary>
    private IEnumerable<IGrouping<(int Bucket, UpdateTypes Types), TrackedParameter>> Alike() => Tracked
        .GroupBy(tracked => (tracked.Parameter.Bucket, TypesOf(tracked)))
        .OrderBy(alike => alike.Key.Bucket);

    /// <summary>The options that tables depend on, of those that may change.</summary>
    private static (ComputePrecision, StateRounding, int) TableOptions(TOptions options) => (options.ComputePrecision, options.StateRounding, options.RoundingSeed);
}
