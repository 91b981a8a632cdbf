using System.Numerics;
using System.Runtime.InteropServices;
using GpuOptim.Kernels.Rules;
using ILGPU.Runtime.Cuda;

namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>
/// A step on an accelerator: one upload, of all that its launches read, then the launches. Steps that launch the same as the one before may be one graph
/// of CUDA's instead, which is the same calls, captured.
/// </summary>
/// <param name="queue">Where to launch.</param>
/// <param name="gate">Held while the device launches.</param>
/// <param name="usesGraphs">Whether to make graphs of steps.</param>
internal sealed class IlgpuStep(IlgpuQueue queue, Lock gate, bool usesGraphs) : DeviceStep
{
    private readonly List<StepCommand> _commands = [];
    private readonly StepGraphs? _graphs = usesGraphs ? new(queue) : null;
    private int _count;
    private int _runCount;
    private int _runVersion;
    private bool _isChanged = true;
    private bool _isSpoilt;
    private IlgpuGradientNorm? _reporting;
    private IlgpuGradientNorm? _reported;
    private string _name = "";
    private long _number;

    /// <summary>What is sent.</summary>
    public StepBlock Block { get; } = new(queue);

    public override void Begin()
    {
        Block.Begin();
        _number++;
        (_count, _isSpoilt, _reporting, _name) = (0, false, null, "");
    }

    /// <summary>Places where a table's gradients are, unless the step has already.</summary>
    /// <param name="table">The table.</param>
    /// <param name="gradients">Where they are.</param>
    /// <param name="isRepeated">Whether that is as it was in the step before.</param>
    public StepTable Put(IlgpuUpdateTable table, ReadOnlySpan<nint> gradients, bool isRepeated)
    {
        if (table.Placed is var (step, number, placed) && step == this && number == _number)
            return placed;
        var place = Block.PutColumn<long>(table, gradients.Length, isRepeated, out var column);
        for (var i = 0; i < column.Length; i++)
            column[i] = gradients[i];
        placed = new(table, Block, place);
        table.Placed = (this, _number, placed);
        return placed;
    }

    /// <summary>Places the rest of what a step changes of a table.</summary>
    /// <param name="table">What was placed of it.</param>
    /// <param name="ruleIndices">Which tensor follows which rule.</param>
    /// <param name="pending">The bits of steps that may have been skipped, for each tensor; none where no step may be.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="isRepeated">Whether all but the rules is as it was in the step before.</param>
    public StepTable Put<TRule>(StepTable table, ReadOnlySpan<int> ruleIndices, ReadOnlySpan<ulong> pending, ReadOnlySpan<TRule> rules, bool isRepeated)
        where TRule : unmanaged
    {
        table = PutColumns(table, ruleIndices, pending, rules.Length, isRepeated);
        var rulesPlace = Block.Put(rules, table.Table.RulesCapacity);
        _name = typeof(TRule).Name;
        return table with { RulesPlace = rulesPlace };
    }

    /// <summary>The same with numbers of the rules' steps.</summary>
    public StepTable Put<TRule>(StepTable table, ReadOnlySpan<int> ruleIndices, ReadOnlySpan<ulong> pending, ReadOnlySpan<TRule> rules, ReadOnlySpan<uint> steps, bool isRepeated)
        where TRule : unmanaged, IUpdateRule
    {
        table = PutColumns(table, ruleIndices, pending, rules.Length, isRepeated);
        var rulesPlace = Block.Put<NumberedRule<TRule>>([], table.Table.RulesCapacity);
        var numbered = Block.HostView<NumberedRule<TRule>>(rulesPlace);
        for (var i = 0; i < rules.Length; i++)
            numbered[i] = new(rules[i], steps[i]);
        _name = typeof(TRule).Name;
        return table with { RulesPlace = rulesPlace };
    }

    private StepTable PutColumns(StepTable table, ReadOnlySpan<int> ruleIndices, ReadOnlySpan<ulong> pending, int rules, bool isRepeated)
    {
        var pendingPlace = Block.PutColumn<ulong>(table.Table, pending.Length, isRepeated, out var pendingColumn);
        if (pendingColumn.Length > 0)
            pending.CopyTo(pendingColumn);
        var indicesPlace = Block.PutColumn<int>(table.Table, ruleIndices.Length, isRepeated, out var indicesColumn);
        if (indicesColumn.Length > 0)
            ruleIndices.CopyTo(indicesColumn);
        // With room for more, and never for less than there was: a step with some rules more or less launches the same.
        table.Table.RulesCapacity = Math.Max(table.Table.RulesCapacity, (int)BitOperations.RoundUpToPowerOf2((uint)rules));
        return table with { RuleIndicesPlace = indicesPlace, PendingPlace = pendingPlace };
    }

    /// <summary>Adds a launch.</summary>
    public void Add<TLaunch>(in TLaunch launch) where TLaunch : struct, IStepLaunch, IEquatable<TLaunch>
    {
        if (_count == _commands.Count)
        {
            _commands.Add(new StepCommand<TLaunch>(launch));
            _isChanged = true;
        }
        else if (_commands[_count] is StepCommand<TLaunch> command)
        {
            _isChanged |= command.Set(launch);
        }
        else
        {
            _commands[_count] = new StepCommand<TLaunch>(launch);
            _isChanged = true;
        }
        _count++;
    }

    /// <summary>Has the check of a norm sent to the host once the step is done.</summary>
    public void Report(IlgpuGradientNorm norm) => _reporting = norm;

    /// <summary>Remembers that the device will change columns that were sent.</summary>
    public void Spoil() => _isSpoilt = true;

    public override void End()
    {
        if (_count == 0)
            return;
        using var scope = queue.Enter();
        try
        {
            lock (gate)
                Run();
        }
        catch (CudaException failure)
        {
            throw queue.Explain(failure, $"a step by {_name}");
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        if (queue.IsGone)
            return;
        using var scope = queue.Enter();
        _graphs?.Dispose();
        Block.Dispose();
    }

    private void Run()
    {
        Block.Allocate();
        var isChanged = _isChanged || _count != _runCount || Block.Version != _runVersion || _reporting != _reported;
        // Should a launch fail, the next step begins afresh.
        _isChanged = true;
        if (isChanged)
            _graphs?.Clear();
        // One launch stays as it is: a graph would have the host ask for as much.
        if (isChanged || _graphs is null || _count == 1 || !_graphs.TryLaunch(Block, CollectionsMarshal.AsSpan(_commands)[.._count], _reporting))
        {
            var sent = Block.Sent;
            queue.Upload(sent, Block.Memory.SubView(0, sent.Length));
            for (var i = 0; i < _count; i++)
                _commands[i].Run(queue);
            _reporting?.SendReport();
        }
        Block.CountSent();
        if (_isSpoilt)
            Block.Spoil();
        (_isChanged, _runCount, _runVersion, _reported) = (false, _count, Block.Version, _reporting);
    }
}
