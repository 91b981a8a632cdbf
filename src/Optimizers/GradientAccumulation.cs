using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// Has an optimizer step once for several batches, with the mean of their gradients: <c>sum = sum + g / batches</c>, in float32 whatever the gradients'
/// type, in one launch for all tensors of an element type. For engines whose backward pass writes gradients, and does not add to them.
/// </summary>
/// <remarks>
/// PyTorch's loop of <c>(loss / batches).backward()</c>, which adds in the gradients' type; in float32, where <c>batches</c> is a power of two, the same bits.
/// Costs 4 bytes of memory for each element. Clipping, scaling and averages work on the mean, at the optimizer's step.
/// </remarks>
public sealed class GradientAccumulation : IDisposable
{
    private readonly StateArena _arena;
    private readonly Parameter[] _parameters;
    private readonly bool[] _hasSum;
    private readonly (UpdateBatch Table, int[] Members)[] _batches;

    /// <summary>Takes an optimizer's steps over: call <see cref="Step"/> instead of its own.</summary>
    /// <param name="optimizer">The optimizer, with all its parameters.</param>
    /// <param name="batches">How many batches make a step; at least 1.</param>
    /// <exception cref="ArgumentException">The optimizer's gradients are accumulated already.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batches"/> is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed of.</exception>
    public GradientAccumulation(Optimizer optimizer, int batches)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(batches, 1);
        ObjectDisposedException.ThrowIf(optimizer.IsDisposed, optimizer);
        _parameters = [.. optimizer.Parameters];
        if (_parameters.FirstOrDefault(parameter => parameter.GradientSum is not null) is { } taken)
            throw new ArgumentException($"Gradients must be accumulated once. Those of parameter '{taken.Name}' are already.", nameof(optimizer));
        (Optimizer, Batches) = (optimizer, batches);
        _hasSum = new bool[_parameters.Length];
        _arena = new(optimizer.Device);
        var sums = _arena.Allocate(ElementType.Float32, [.. _parameters]);
        for (var i = 0; i < sums.Length; i++)
            _parameters[i].GradientSum = (DeviceBuffer<float>)sums[i];
        _batches = [.. Enumerable.Range(0, _parameters.Length).GroupBy(i => _parameters[i].ElementType).Select(alike => CreateBatch(alike.Key, [.. alike]))];
        optimizer.Rebuild();
        optimizer.Accumulation = this;
    }

    /// <summary>The optimizer.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>How many batches make a step.</summary>
    public int Batches { get; }

    /// <summary>How many batches were added since the optimizer stepped.</summary>
    public int Count { get; private set; }

    /// <summary>Whether this was disposed of.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>Where in a step it stands; null between steps.</summary>
    internal GradientAccumulationState? State => Count > 0 ? new(Batches, Count) : null;

    /// <summary>The parameters that had a gradient in a batch of this step; <see cref="Parameter.GradientSum"/> is theirs.</summary>
    internal IEnumerable<Parameter> Summed => _parameters.Where((_, i) => _hasSum[i]);

    /// <summary>
    /// Adds the gradients of a batch, which may then be written anew. With the last batch of a step the optimizer steps; what had no gradient in any of
    /// them has none.
    /// </summary>
    /// <param name="isLast">Whether to step now though there were fewer batches, as at the end of an epoch; the sum stays divided by <see cref="Batches"/>.</param>
    /// <returns>Whether the optimizer stepped.</returns>
    /// <exception cref="InvalidOperationException">The optimizer has been given more parameters since. Nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">This, or memory that it needs, was disposed of.</exception>
    public bool Step(bool isLast = false)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ObjectDisposedException.ThrowIf(Optimizer.IsDisposed, Optimizer);
        if (CountParameters() != _parameters.Length)
            throw new InvalidOperationException($"GradientAccumulation must have been made with all of the optimizer's parameters, {CountParameters()}. Actual number was {_parameters.Length}: make it anew after AddGroup.");
        Optimizer.ReadGradients();
        Add();
        if (++Count < Batches && !isLast)
            return false;
        Exchange();
        try
        {
            Optimizer.StepOnGradientsRead();
        }
        finally
        {
            Exchange();
        }
        Array.Clear(_hasSum);
        Count = 0;
        return true;
    }

    /// <summary>Goes on from the middle of a step, whose sums are in place; or from between steps.</summary>
    internal void Load(GradientAccumulationState? state, IReadOnlySet<Parameter> summed)
    {
        Count = state?.Count ?? 0;
        for (var i = 0; i < _parameters.Length; i++)
            _hasSum[i] = summed.Contains(_parameters[i]);
    }

    /// <summary>Gives the sums back; the optimizer takes gradients themselves again.</summary>
    public void Dispose()
    {
        if (IsDisposed)
            return;
        IsDisposed = true;
        Optimizer.Accumulation = null;
        foreach (var parameter in _parameters)
            parameter.GradientSum = null;
        if (!Optimizer.IsDisposed)
            Optimizer.Rebuild();
        foreach (var (table, _) in _batches)
            table.Dispose();
        _arena.Dispose();
    }

    private void Add()
    {
        foreach (var (table, members) in _batches)
        {
            for (var i = 0; i < members.Length; i++)
            {
                var parameter = _parameters[members[i]];
                ObjectDisposedException.ThrowIf(parameter.Data.IsDisposed, parameter);
                table.Gradients[i] = parameter.HasGradient ? parameter.GradientBuffer.Address : 0;
                table.Rules[i] = _hasSum[members[i]] ? 1 : 0;
            }
        }
        foreach (var (table, members) in _batches)
        {
            Optimizer.Device.Update<AccumulateRule>([new(1.0 / Batches, isFirst: true), new(1.0 / Batches, isFirst: false)], table);
            foreach (var i in members)
                _hasSum[i] |= _parameters[i].HasGradient;
        }
    }

    /// <summary>Who has a gradient and who has a sum change places.</summary>
    private void Exchange()
    {
        for (var i = 0; i < _parameters.Length; i++)
            (_parameters[i].HasGradient, _hasSum[i]) = (_hasSum[i], _parameters[i].HasGradient);
    }

    private int CountParameters()
    {
        var count = 0;
        for (var i = 0; i < Optimizer.Groups.Count; i++)
            count += Optimizer.Groups[i].Parameters.Count;
        return count;
    }

    private (UpdateBatch Table, int[] Members) CreateBatch(ElementType type, int[] members)
    {
        var table = Optimizer.Device.CreateUpdateBatch(
            ElementType.Float32, ElementType.Float32, [.. members.Select(i => new UpdateSegment(_parameters[i].GradientSum!.Address, 0, 0, 0, _parameters[i].Length))]);
        table.GradientType = type;
        return (table, members);
    }
}
