using System.Numerics;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// What <see cref="Muon"/> and <see cref="NorMuon"/> share: matrices of one shape together, their momentum, its orthogonalization, the step along it.
/// </summary>
/// <typeparam name="TOptions">The optimizer's options.</typeparam>
/// <typeparam name="TMomentum">How gradients go into the momentum, and what of it is orthogonalized.</typeparam>
public abstract class MuonBase<TOptions, TMomentum> : Optimizer<TOptions>, IMatrixOptimizer
    where TOptions : MuonOptionsBase
    where TMomentum : unmanaged, IUpdateRule
{
    private readonly Dictionary<RuleKey, int> _ruleIndex = [];
    private readonly List<RuleKey> _ruleKeys = [];
    private readonly List<Call> _calls = [];
    private readonly List<TOptions> _builtFor = [];
    private readonly RuleWrapper<TMomentum> _wrapper = new();
    private TMomentum[] _momentumRules = [];
    private MuonUpdateRule[] _updateRules = [];
    private CopyRule[] _copyRules = [];
    private NeuronRule[] _neuronRules = [];
    private uint[] _steps = [];
    private int _ruleCount;
    private Func<Parameter, nint>? _directionAddress;

    private protected MuonBase(IEnumerable<Parameter> parameters, TOptions options, IReadOnlyList<StateSlot<TOptions>> slots)
        : base(parameters, options, slots)
    {
    }

    Func<Parameter, nint>? IMatrixOptimizer.DirectionAddress
    {
        get => _directionAddress;
        set => _directionAddress = value;
    }

    /// <inheritdoc/>
    protected override bool RecordsStep => false;

    /// <summary>The first rule of a step.</summary>
    private protected abstract TMomentum CreateMomentumRule(TOptions options);

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
            Array.Resize(ref _neuronRules, _momentumRules.Length);
            Array.Resize(ref _steps, _momentumRules.Length);
        }
        var index = 0;
        var later = IsRepeat ? Repeats + 1 : 0;
        foreach (var (group, rows, columns, step, pending) in _ruleKeys)
        {
            var options = Groups[group].Options;
            for (var done = pending; done >= 0; done--, index++)
            {
                _momentumRules[index] = CreateMomentumRule(options);
                _updateRules[index] = options.UpdateRule(rows, columns);
                _neuronRules[index] = options.Neurons ?? default;
                _steps[index] = (uint)(step + later + done);
            }
        }
    }

    private protected override void RunTables(in StepContext context)
    {
        if (_directionAddress is null)
            RunTables<MuonUpdateRule>(context, _updateRules.AsSpan(0, _ruleCount));
        else
            RunTables<CopyRule>(context, _copyRules.AsSpan(0, _ruleCount));
    }

    private void RunTables<TUpdate>(in StepContext context, ReadOnlySpan<TUpdate> updates) where TUpdate : unmanaged, IUpdateRule
    {
        ReadOnlySpan<TMomentum> directions = _momentumRules.AsSpan(0, _ruleCount);
        ReadOnlySpan<NeuronRule> neurons = _neuronRules.AsSpan(0, _ruleCount);
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
                Device.UpdateMatrices(_wrapper.Wrap(directions, gradients), neurons, updates, _steps, call.Plan, call.Batches);
            else
                Device.UpdateMatrices(directions, neurons, updates, _steps, call.Plan, call.Batches);
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

    private protected override void ThrowIfUnfit(Parameter parameter, TOptions options)
    {
        MatrixBlocks.Of(parameter, options);
        if (options.Neurons is not null && !Device.SupportsMeasures)
            throw new ArgumentException($"{GetType().Name} must be given parameters on the CPU or CUDA. Parameter '{parameter.Name}' is on device '{Device.Name}'.", nameof(parameter));
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
            throw new InvalidOperationException($"{GetType().Name} must have whole matrices. Parameter '{slice.Parameter.Name}' is a slice of one; a ShardedOptimizer brings slices together.");
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
        .SelectMany(tracked => MatrixBlocks.Of(tracked.Parameter, Groups[tracked.Group].Options).Select(block => new Block(tracked, block.Row * block.Columns, block.Rows, block.Columns)))
        .GroupBy(block => (block.Tracked.Parameter.Bucket, Groups[block.Tracked.Group].Options.NewtonSchulz))
        .OrderBy(alike => alike.Key.Bucket);

    private IEnumerable<IGrouping<(int Rows, int Columns, UpdateTypes Types), Block>> Batches(IEnumerable<Block> alike) => alike
        .GroupBy(block => (block.Rows, block.Columns, TypesOf(block.Tracked)))
        .OrderByDescending(batch => (double)batch.Key.Rows * batch.Key.Columns * Math.Min(batch.Key.Rows, batch.Key.Columns));

    private MatrixUpdateBatch Table(Block[] batch, NewtonSchulzOptions orthogonalization)
    {
        var first = batch[0];
        return Device.CreateMatrixUpdateBatch(
            TypesOf(first.Tracked), orthogonalization, first.Rows, first.Columns, [.. batch.Select(block => Segment(block.Tracked, block.Start, (long)block.Rows * block.Columns))], _directionAddress is not null);
    }

    private UpdateSegment Segment(TrackedParameter tracked, long start, long length)
    {
        var segment = SegmentOf(tracked, start, length);
        return _directionAddress is null ? segment : segment with { Parameter = _directionAddress(tracked.Parameter), Average = 0 };
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
