using System.Text;
using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>
/// One optimizer for a whole model, that trains different parameters by different algorithms: hidden matrices with Muon, say, and
/// embeddings, biases and norms with AdamW. Every parameter is taken by exactly one assignment, or there is an error.
/// </summary>
public sealed class ModelOptimizer : Optimizer
{
    private readonly List<Optimizer> _optimizers = [];
    private readonly List<ParameterGroup> _groups = [];
    private readonly List<(Parameter Parameter, Optimizer Optimizer, string Reason)> _decisions = [];

    /// <summary>Assigns the parameters of a model.</summary>
    /// <param name="parameters">All of them.</param>
    /// <param name="assignments">Who trains what. Assignments with the same kind of options become groups of one optimizer.</param>
    /// <exception cref="ArgumentException">
    /// A parameter is taken by no assignment or by two, an assignment takes none, or an algorithm cannot take what it is assigned;
    /// the message names it.
    /// </exception>
    public ModelOptimizer(IEnumerable<Parameter> parameters, params IReadOnlyList<Assignment> assignments)
        : this([.. parameters ?? throw new ArgumentNullException(nameof(parameters))], assignments)
    {
    }

    private ModelOptimizer(Parameter[] parameters, IReadOnlyList<Assignment> assignments)
        : base(ParameterChecks.DeviceOf(parameters))
    {
        ArgumentNullException.ThrowIfNull(assignments);
        ParameterChecks.ThrowIfUnfit([], parameters, Device);
        var chosen = parameters.Select(parameter => Choose(parameter, assignments)).ToArray();
        if (assignments.FirstOrDefault(assignment => !chosen.Contains(assignment)) is { } idle)
            throw new ArgumentException($"Every assignment must take a parameter. That of '{idle.Reason}' takes none.", nameof(assignments));
        try
        {
            foreach (var assignment in assignments)
                Add([.. parameters.Where((_, i) => chosen[i] == assignment)], assignment.Options, assignment.Reason);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The optimizers at work, one for each kind of options.</summary>
    public IReadOnlyList<Optimizer> Optimizers => _optimizers;

    /// <inheritdoc/>
    public override long StateBytes => _optimizers.Sum(optimizer => optimizer.StateBytes);

    private protected override IReadOnlyList<ParameterGroup> GroupList => _groups;

    /// <inheritdoc/>
    public override ParameterGroup AddGroup(IEnumerable<Parameter> parameters, OptimizerOptions options)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        Parameter[] added = [.. parameters];
        ParameterChecks.DeviceOf(added);
        ParameterChecks.ThrowIfUnfit(Parameters, added, Device);
        return Add(added, options, "added later");
    }

    internal override StateDictionary LiveState()
    {
        StateDictionary[] states = [.. _optimizers.Select(optimizer => optimizer.LiveState())];
        return new([.. states.SelectMany(state => state.Groups)], states.SelectMany(state => state.Parameters).ToDictionary());
    }

    /// <summary>A table of who trains what, and why.</summary>
    public string Explain()
    {
        string[][] rows =
        [
            ["parameter", "shape", "trained by", "because"],
            .. _decisions.Select(decision => new[] { decision.Parameter.Name, Parameter.Describe([.. decision.Parameter.Shape]), decision.Optimizer.GetType().Name, decision.Reason }),
        ];
        int[] widths = [.. Enumerable.Range(0, 3).Select(column => rows.Max(row => row[column].Length))];
        var text = new StringBuilder();
        foreach (var row in rows)
            text.AppendLine($"{row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2].PadRight(widths[2])}  {row[3]}");
        return text.ToString();
    }

    internal override void PrepareStep(DeviceStep step)
    {
        foreach (var optimizer in _optimizers)
            optimizer.PrepareStep(step);
    }

    internal override void RunStep(in StepContext context)
    {
        foreach (var optimizer in _optimizers)
            optimizer.RunStep(context);
    }

    internal override void FinishStep(in StepContext context)
    {
        foreach (var optimizer in _optimizers)
            optimizer.FinishStep(context);
    }

    internal override void Rebuild()
    {
        foreach (var optimizer in _optimizers)
            optimizer.Rebuild();
    }

    internal override void ResolveStep(int bit, bool foundInf)
    {
        foreach (var optimizer in _optimizers)
            optimizer.ResolveStep(bit, foundInf);
    }

    internal override void Collect(List<UpdateBatch> tables)
    {
        foreach (var optimizer in _optimizers)
            optimizer.Collect(tables);
    }

    internal override StateColumn? ColumnOf(string name) => _optimizers.Select(optimizer => optimizer.ColumnOf(name)).FirstOrDefault(column => column is not null);

    internal override IReadOnlyList<string> ScalarNames => [.. _optimizers.SelectMany(optimizer => optimizer.ScalarNames)];

    internal override IEnumerable<TableTensor> TableTensors() => _optimizers.SelectMany(optimizer => optimizer.TableTensors());

    internal override void ThrowIfForeign(StateDictionary state)
    {
        if (state.Groups.Count != _groups.Count)
            throw new ArgumentException($"state must have {_groups.Count} parameter groups, as the optimizer has. Actual number was {state.Groups.Count}.", nameof(state));
        if (state.Parameters.Keys.Except(Parameters.Select(parameter => parameter.Name)).FirstOrDefault() is { } foreign)
            throw new ArgumentException($"State is given for parameter '{foreign}', which the optimizer does not have.", nameof(state));
        foreach (var (optimizer, part) in Parts(state))
            optimizer.ThrowIfForeign(part);
    }

    internal override void TakeState(StateDictionary state)
    {
        foreach (var (optimizer, part) in Parts(state))
            optimizer.TakeState(part);
    }

    internal override StateDictionary Decoded(StateDictionary state) => ByPart(state, (optimizer, part) => optimizer.Decoded(part));

    internal override StateDictionary Converted(StateDictionary state, Func<Parameter, StateTensor>? values) =>
        state.Groups.Count == _groups.Count ? ByPart(state, (optimizer, part) => optimizer.Converted(part, values)) : state;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var optimizer in _optimizers)
            optimizer.Dispose();
        base.Dispose(disposing);
    }

    private static Assignment Choose(Parameter parameter, IReadOnlyList<Assignment> assignments)
    {
        Assignment[] takers = [.. assignments.Where(assignment => assignment.Matches?.Invoke(parameter) ?? false)];
        if (takers.Length == 0)
            takers = [.. assignments.Where(assignment => assignment.Matches is null)];
        return takers switch
        {
            [var only] => only,
            [] => throw new ArgumentException($"Every parameter must be assigned. '{parameter.Name}' of shape {Parameter.Describe([.. parameter.Shape])} is taken by no assignment.", nameof(assignments)),
            _ => throw new ArgumentException($"Every parameter must be assigned once. '{parameter.Name}' of shape {Parameter.Describe([.. parameter.Shape])} is taken by {string.Join(" and ", takers.Select(taker => $"'{taker.Reason}'"))}.", nameof(assignments)),
        };
    }

    private ParameterGroup Add(Parameter[] parameters, OptimizerOptions options, string reason)
    {
        var optimizer = _optimizers.Find(each => each.Groups[0].AnyOptions.GetType() == options.GetType());
        ParameterGroup group;
        if (optimizer is null)
        {
            _optimizers.Add(optimizer = options.CreateOptimizer(parameters));
            optimizer.Owner = this;
            group = optimizer.Groups[0];
        }
        else
        {
            group = optimizer.AddGroup(parameters, options);
        }
        _groups.Clear();
        _groups.AddRange(_optimizers.SelectMany(each => each.Groups));
        _decisions.AddRange(parameters.Select(parameter => (parameter, optimizer, reason)));
        return group;
    }

    /// <summary>A state with each optimizer's part changed; what is nobody's stays.</summary>
    private StateDictionary ByPart(StateDictionary state, Func<Optimizer, StateDictionary, StateDictionary> change)
    {
        StateDictionary[] parts = [.. Parts(state).Select(part => change(part.Optimizer, part.State))];
        var changed = parts.SelectMany(part => part.Parameters).ToDictionary();
        return new([.. parts.SelectMany(part => part.Groups)], state.Parameters.ToDictionary(pair => pair.Key, pair => changed.GetValueOrDefault(pair.Key, pair.Value)));
    }

    /// <summary>What of a state belongs to each optimizer.</summary>
    private IEnumerable<(Optimizer Optimizer, StateDictionary State)> Parts(StateDictionary state)
    {
        var first = 0;
        foreach (var optimizer in _optimizers)
        {
            var names = optimizer.Parameters.Select(parameter => parameter.Name).ToHashSet();
            yield return (optimizer, new(
                [.. state.Groups.Skip(first).Take(optimizer.Groups.Count)],
                state.Parameters.Where(pair => names.Contains(pair.Key)).ToDictionary()));
            first += optimizer.Groups.Count;
        }
    }
}
