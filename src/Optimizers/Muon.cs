using System.Numerics;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// Muon, momentum orthogonalized by Newton-Schulz: every direction of a weight matrix gets an update of the same size.
/// <c>buf = lerp(buf, g, 1 - momentum); u = lerp(g, buf, momentum); p = p * (1 - lr * wd) - lr * ratio * orthogonalize(u)</c>.
/// </summary>
/// <remarks>
/// For the matrices of hidden layers; train embeddings, heads, biases and norms with AdamW, for instance in a <see cref="ModelOptimizer"/>.
/// Equals <c>torch.optim.Muon</c> to the last bit. State: <c>momentum_buffer</c>.
/// </remarks>
public sealed class Muon : Optimizer<MuonOptions>
{
    private static readonly StateSlot<MuonOptions>[] _state = [new("momentum_buffer")];

    private readonly Dictionary<RuleKey, int> _ruleIndex = [];
    private readonly List<RuleKey> _ruleKeys = [];
    private readonly List<Call> _calls = [];
    private readonly List<MuonOptions> _builtFor = [];
    private readonly RuleWrapper<MuonMomentumRule> _wrapper = new();
    private MuonMomentumRule[] _momentumRules = [];
    private MuonUpdateRule[] _updateRules = [];
    private CopyRule[] _copyRules = [];
    private uint[] _steps = [];
    private int _ruleCount;

    /// <summary>Starts with one group of parameters.</summary>
    /// <param name="parameters">At least one, all matrices on one device, no two of the same name or memory.</param>
    /// <param name="options">Hyper-parameters; PyTorch's defaults if null.</param>
    /// <exception cref="ArgumentException">A parameter cannot be taken; the message says which and why.</exception>
    public Muon(IEnumerable<Parameter> parameters, MuonOptions? options = null)
        : base(parameters, options ?? new(), _state)
    {
    }

    /// <summary>
    /// Where the orthogonalized direction of a parameter goes, in the type that it was orthogonalized in, for somebody else to apply; null, as at first, to
    /// update the parameter with it.
    /// </summary>
    internal Func<Parameter, nint>? DirectionAddress { get; set; }

    /// <inheritdoc/>
    protected override bool RecordsStep => false;

    /// <summary>What is done with the orthogonalized direction of a matrix.</summary>
    internal static MuonUpdateRule UpdateRule(MuonOptions options, long rows, long columns) =>
        new(options.LearningRate, options.WeightDecay, options.WeightDecayMode, options.Ratio(rows, columns));

    private protected override bool TablesAreStale
    {
        get
        {
            for (var i = 0; i < _builtFor.Count; i++)
            {
                if (!ReferenceEquals(_builtFor[i], Groups[i].Options) && !_builtFor[i].OrthogonalizesAs(Groups[i].Options))
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
        foreach (var call in _calls)
            Fill(call);
    }

    private protected override void CreateRules()
    {
        if (_ruleCount > _momentumRules.Length)
        {
            Array.Resize(ref _momentumRules, Math.Max(4, 2 * _ruleCount));
            Array.Resize(ref _updateRules, _momentumRules.Length);
            Array.Resize(ref _copyRules, _momentumRules.Length);
            Array.Resize(ref _steps, _momentumRules.Length);
        }
        var index = 0;
        var later = IsRepeat ? Repeats + 1 : 0;
        foreach (var (group, rows, columns, step, pending) in _ruleKeys)
        {
            var options = Groups[group].Options;
            for (var done = pending; done >= 0; done--, index++)
            {
                _momentumRules[index] = new(options.Momentum, options.Nesterov);
                _updateRules[index] = UpdateRule(options, rows, columns);
                _steps[index] = (uint)(step + later + done);
            }
        }
    }

    private protected override void RunTables(in StepContext context)
    {
        if (DirectionAddress is null)
            RunTables<MuonUpdateRule>(context, _updateRules.AsSpan(0, _ruleCount));
        else
            RunTables<CopyRule>(context, _copyRules.AsSpan(0, _ruleCount));
    }

    private void RunTables<TUpdate>(in StepContext context, ReadOnlySpan<TUpdate> updates) where TUpdate : unmanaged, IUpdateRule
    {
        ReadOnlySpan<MuonMomentumRule> directions = _momentumRules.AsSpan(0, _ruleCount);
        var buckets = new BucketWalk(context.Buckets);
        foreach (var call in _calls)
        {
            buckets.Enter(call.Members[0][0].Parameter.Parameter.Bucket);
            foreach (var batch in call.Batches)
            {
                (batch.Step, batch.GradientNorm, batch.Average, batch.IsRepeated) = (context.Step, context.GradientNorm, context.Average, IsRepeat);
                if (context.FoundInf)
                    batch.Gradients.Clear();
            }
            if (context.Gradients is { } gradients)
                Device.UpdateMatrices(_wrapper.Wrap(directions, gradients), updates, _steps, call.Plan, call.Batches);
            else
                Device.UpdateMatrices(directions, updates, _steps, call.Plan, call.Batches);
        }
        buckets.Leave();
    }

    internal override IEnumerable<TableTensor> TableTensors() =>
        Alike().SelectMany(call => Batches(call)).SelectMany(batch => batch.Select(block => new TableTensor(block.Tracked.Parameter, block.Start, block.Rows, block.Columns)));

    internal override void Collect(List<UpdateBatch> tables)
    {
        foreach (var call in _calls)
        {
            foreach (var batch in call.Batches)
            {
                batch.IsRepeated = IsRepeat;
                tables.Add(batch);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        DisposeBatches();
        base.Dispose(disposing);
    }

    private protected override void ThrowIfUnfit(Parameter parameter, MuonOptions options) => Blocks(parameter, options);

    /// <summary>The matrices that a parameter is taken as: where each begins, by rows, and how many rows and columns it has.</summary>
    internal static IEnumerable<(long Row, int Rows, int Columns)> Blocks(Parameter parameter, MuonOptions options)
    {
        var shape = parameter.WholeShape;
        if (shape.Count < 2)
            throw new ArgumentException($"Muon must be given matrices. Parameter '{parameter.Name}' has shape {Parameter.Describe([.. shape])}; train it with AdamW, beside Muon or in a ModelOptimizer.", nameof(parameter));
        var flattened = shape.Skip(1).Aggregate(1L, (product, extent) => product * extent);
        if (shape.Count > 2 && !options.FlattenConvolutions)
            throw new ArgumentException($"Muon must be given matrices. Parameter '{parameter.Name}' has shape {Parameter.Describe([.. shape])}; set FlattenConvolutions to take it as {shape[0]} x {flattened}.", nameof(parameter));
        if (shape[0] > int.MaxValue || flattened > int.MaxValue)
            throw new ArgumentException($"Matrices must have at most {int.MaxValue} rows and columns. Parameter '{parameter.Name}' has {shape[0]} x {flattened}.", nameof(parameter));

        int rows = (int)shape[0], columns = (int)flattened;
        var blocks = options.SplitRows switch
        {
            null => [rows],
            [var single] when rows % single == 0 => Enumerable.Repeat(single, rows / single),
            { Count: > 1 } several when several.Sum(each => (long)each) == rows => several,
            var other => throw new ArgumentException($"SplitRows must add up to the rows of parameter '{parameter.Name}', {rows}, or be one number that divides them. Actual value was [{string.Join(", ", other)}].", nameof(parameter)),
        };
        return Cut(blocks, columns);

        static IEnumerable<(long, int, int)> Cut(IEnumerable<int> blocks, int columns)
        {
            var row = 0L;
            foreach (var block in blocks)
            {
                yield return (row, block, columns);
                row += block;
            }
        }
    }

    /// <summary>Writes the columns of the tables that change from step to step.</summary>
    private void Fill(Call call)
    {
        for (var b = 0; b < call.Batches.Length; b++)
        {
            var batch = call.Batches[b];
            var members = call.Members[b];
            var gradients = batch.Gradients;
            var rules = batch.Rules;
            for (var i = 0; i < members.Length; i++)
            {
                var (tracked, start) = members[i];
                gradients[i] = GradientAddress(tracked);
                if (gradients[i] == 0)
                    continue;
                gradients[i] += (nint)start * batch.GradientType.Size();
                // Only random numbers depend on the step.
                var pending = batch.IsEncoded ? tracked.Pending : 0;
                batch.Pending[i] = pending;
                rules[i] = RuleIndex(new(tracked.Group, batch.Rows, batch.Columns, batch.IsEncoded ? tracked.Step + 1 : 0, BitOperations.PopCount(pending)));
            }
        }
    }

    /// <summary>The index of a rule; behind it are those for one pending step skipped, two, and so on to all of them.</summary>
    private int RuleIndex(RuleKey key)
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

    /// <summary>Matrices of one shape and type, orthogonalized alike, make a batch; batches orthogonalized alike make a call, largest first.</summary>
    private protected override void BuildTables()
    {
        if (Tracked.FirstOrDefault(tracked => tracked.Parameter.Length != tracked.Parameter.WholeLength) is { } slice)
            throw new InvalidOperationException($"Muon must have whole matrices. Parameter '{slice.Parameter.Name}' is a slice of one; a ShardedOptimizer brings slices together.");
        DisposeBatches();
        foreach (var alike in Alike())
        {
            Block[][] batches = [.. Batches(alike).Select(batch => batch.ToArray())];
            var (_, orthogonalization) = alike.Key;
            _calls.Add(new(
                orthogonalization.Plan,
                [.. batches.Select(batch => Table(batch, orthogonalization))],
                [.. batches.Select(batch => batch.Select(block => (block.Tracked, block.Start)).ToArray())]));
        }
        _builtFor.Clear();
        _builtFor.AddRange(Groups.Select(group => group.Options));
    }

    private IEnumerable<IGrouping<(int Bucket, NewtonSchulzOptions Orthogonalization), Block>> Alike() => Tracked
        .Where(tracked => tracked.Parameter.WholeLength > 0)
        .SelectMany(tracked => Blocks(tracked.Parameter, Groups[tracked.Group].Options).Select(block => new Block(tracked, block.Row * block.Columns, block.Rows, block.Columns)))
        .GroupBy(block => (block.Tracked.Parameter.Bucket, Groups[block.Tracked.Group].Options.NewtonSchulz))
        .OrderBy(alike => alike.Key.Bucket);

    private IEnumerable<IGrouping<(int Rows, int Columns, UpdateTypes Types), Block>> Batches(IEnumerable<Block> alike) => alike
        .GroupBy(block => (block.Rows, block.Columns, TypesOf(block.Tracked)))
        .OrderByDescending(batch => (double)batch.Key.Rows * batch.Key.Columns * Math.Min(batch.Key.Rows, batch.Key.Columns));

    private MatrixUpdateBatch Table(Block[] batch, NewtonSchulzOptions orthogonalization)
    {
        var first = batch[0];
        return Device.CreateMatrixUpdateBatch(
            TypesOf(first.Tracked), orthogonalization, first.Rows, first.Columns, [.. batch.Select(block => Segment(block.Tracked, block.Start, (long)block.Rows * block.Columns))], DirectionAddress is not null);
    }

    private UpdateSegment Segment(TrackedParameter tracked, long start, long length)
    {
        var segment = SegmentOf(tracked, start, length);
        return DirectionAddress is null ? segment : segment with { Parameter = DirectionAddress(tracked.Parameter), Average = 0 };
    }

    private void DisposeBatches()
    {
        foreach (var call in _calls)
            Array.ForEach(call.Batches, batch => batch.Dispose());
        _calls.Clear();
    }

    /// <summary>What matrices have in common that follow one rule.</summary>
    private readonly record struct RuleKey(int Group, int Rows, int Columns, long Step, int Pending);

    /// <summary>A matrix, or rows of one that are taken apart.</summary>
    private readonly record struct Block(TrackedParameter Tracked, long Start, int Rows, int Columns);

    /// <summary>What is given to the device at once.</summary>
    private sealed record Call(NewtonSchulzSteps Plan, MatrixUpdateBatch[] Batches, (TrackedParameter Parameter, long Start)[][] Members);
}
