using GpuOptim.Host;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// A running average of parameters, which often does better than the last ones: exponential (EMA), or of equal weights (SWA). As an
/// optimizer's <see cref="Optimizer.WeightAverage"/> they are updated by its steps, in the same pass; <see cref="Update"/> does it in one launch for all
/// tensors of an element type.
/// </summary>
/// <remarks>
/// Equals <c>torch.optim.swa_utils.AveragedModel</c> to the last bit. Sources: B. Polyak and A. Juditsky, 1992; P. Izmailov et al., 2018,
/// https://arxiv.org/abs/1803.05407. Averages have the parameters' element types: those of bfloat16 move only where a step is larger than half a
/// place.
/// </remarks>
public sealed class WeightAverage : IDisposable
{
    private readonly double? _decay;
    private readonly StateArena _arena;
    private readonly Parameter[] _parameters;
    private readonly Parameter[] _averages;
    private readonly Dictionary<Parameter, int> _indices = [];
    private readonly (UpdateBatch Average, UpdateBatch Swap, int[] Members)[] _batches;

    private WeightAverage(IEnumerable<Parameter> parameters, double? decay)
    {
        _parameters = [.. parameters ?? throw new ArgumentNullException(nameof(parameters))];
        Device = ParameterChecks.DeviceOf(_parameters);
        ParameterChecks.ThrowIfUnfit([], _parameters, Device);
        _decay = decay;
        _arena = new(Device);
        _averages = new Parameter[_parameters.Length];
        for (var i = 0; i < _parameters.Length; i++)
            _indices.Add(_parameters[i], i);
        _batches = [.. Enumerable.Range(0, _parameters.Length).GroupBy(i => _parameters[i].ElementType).Select(alike => CreateBatches(alike.Key, [.. alike]))];
    }

    /// <summary>The device on which all lie.</summary>
    public Device Device { get; }

    /// <summary>The averages, under the parameters' names: to look at, and for checkpoints.</summary>
    public IReadOnlyList<Parameter> Averages => _averages;

    /// <summary>Whether the averages were disposed of.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>How often the averages were updated; 0 or more. Set it to go on from averages that were loaded.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public long UpdateCount
    {
        get;
        set => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(UpdateCount), value, "UpdateCount must be at least 0.");
    }

    /// <summary>The rule of the next update.</summary>
    internal AverageRule NextRule => new(_decay is { } decay ? 1 - decay : 1.0 / (UpdateCount + 1), UpdateCount == 0);

    /// <summary>An exponential moving average: <c>average = lerp(average, p, 1 - decay)</c>, the first a copy.</summary>
    /// <param name="parameters">The parameters; at least one, all on one device.</param>
    /// <param name="decay">How much of the average stays; in [0, 1], typically 0.999. PyTorch: <c>get_ema_multi_avg_fn(decay)</c>.</param>
    /// <exception cref="ArgumentException">A parameter cannot be taken; the message says which and why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The decay is out of range.</exception>
    public static WeightAverage Exponential(IEnumerable<Parameter> parameters, double decay = 0.999) => decay is >= 0 and <= 1
        ? new(parameters, decay)
        : throw new ArgumentOutOfRangeException(nameof(decay), decay, "decay must be in [0, 1].");

    /// <summary>The mean of all that was: <c>average = lerp(average, p, 1 / (n + 1))</c> after n updates. PyTorch: <c>AveragedModel</c>.</summary>
    /// <param name="parameters">The parameters; at least one, all on one device.</param>
    /// <exception cref="ArgumentException">A parameter cannot be taken; the message says which and why.</exception>
    public static WeightAverage Equal(IEnumerable<Parameter> parameters) => new(parameters, null);

    /// <summary>Takes the parameters, as they are now, into the averages.</summary>
    /// <exception cref="ObjectDisposedException">This, or a parameter's memory, was disposed of. Nothing was changed.</exception>
    public void Update()
    {
        Check();
        var rule = NextRule;
        foreach (var (average, _, members) in _batches)
        {
            for (var i = 0; i < members.Length; i++)
                average.Gradients[i] = _parameters[members[i]].Data.Address;
            Device.Update<AverageRule>([rule], average);
        }
        UpdateCount++;
    }

    /// <summary>Exchanges parameters and averages: to evaluate the averages, and once more to train on.</summary>
    /// <exception cref="ObjectDisposedException">This, or a parameter's memory, was disposed of. Nothing was changed.</exception>
    public void Swap()
    {
        Check();
        foreach (var (_, swap, members) in _batches)
        {
            for (var i = 0; i < members.Length; i++)
                swap.Gradients[i] = _parameters[members[i]].Data.Address;
            Device.Update<SwapRule>([default], swap);
        }
    }

    /// <summary>Gives back the averages. Parameters stay.</summary>
    public void Dispose()
    {
        if (IsDisposed)
            return;
        IsDisposed = true;
        foreach (var (average, swap, _) in _batches)
        {
            average.Dispose();
            swap.Dispose();
        }
        _arena.Dispose();
    }

    /// <summary>Refuses to average parameters that are not among some.</summary>
    internal void ThrowIfForeign(IEnumerable<Parameter> parameters)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (_parameters.Except(parameters).FirstOrDefault() is { } foreign)
            throw new ArgumentException($"WeightAverage must be of the optimizer's parameters. '{foreign.Name}' is not among them.", nameof(parameters));
    }

    /// <summary>Where the average of a parameter lies; 0 if it has none.</summary>
    internal nint AddressOf(Parameter parameter) => _indices.TryGetValue(parameter, out var index) ? _averages[index].Data.Address : 0;

    private void Check()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        foreach (var parameter in _parameters)
            ObjectDisposedException.ThrowIf(parameter.Data.IsDisposed, parameter);
    }

    private (UpdateBatch Average, UpdateBatch Swap, int[] Members) CreateBatches(ElementType type, int[] members)
    {
        var buffers = _arena.Allocate(type, [.. members.Select(i => _parameters[i])]);
        var averages = new UpdateSegment[members.Length];
        var swaps = new UpdateSegment[members.Length];
        for (var i = 0; i < members.Length; i++)
        {
            var parameter = _parameters[members[i]];
            _averages[members[i]] = buffers[i] switch
            {
                DeviceBuffer<float> single => new Parameter<float>(parameter.Name, [.. parameter.Shape], single),
                DeviceBuffer<BFloat16> brain => new Parameter<BFloat16>(parameter.Name, [.. parameter.Shape], brain),
                var half => new Parameter<Half>(parameter.Name, [.. parameter.Shape], (DeviceBuffer<Half>)half),
            };
            averages[i] = new(buffers[i].Address, 0, 0, 0, parameter.Length);
            swaps[i] = new(parameter.Data.Address, buffers[i].Address, 0, 0, parameter.Length);
        }
        return (Device.CreateUpdateBatch(type, type, averages), Device.CreateUpdateBatch(type, type, swaps), members);
    }
}
