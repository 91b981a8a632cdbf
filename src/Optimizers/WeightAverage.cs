using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Rules;

namespace GpuOptim.Optimizers;

/// <summary>
/// A running average of parameters, which often does better than the last ones: exponential (EMA), or of equal weights (SWA). As an
/// optimizer's <see cref="Optimizer.WeightAverage"/> they are updated by its steps, in the same pass; <see cref="Update"/> does it in one launch for all
/// tensors of an element type.
/// </summary>
/// <remarks>
/// Equals <c>torch.optim.swa_utils.AveragedModel</c> to the last bit. Sources: B. Polyak and A. Juditsky, 1992; P. Izmailov et al., 2018,
/// https://arxiv.org/abs/1803.05407. What averages are kept in is a choice of its own, <see cref="AveragePrecision"/>.
/// </remarks>
public sealed partial class WeightAverage : IDisposable
{
    private readonly double? _decay;
    private readonly StateArena _arena;
    private readonly Parameter[] _parameters;
    private readonly Parameter[] _averages;
    private readonly Dictionary<Parameter, int> _indices = [];
    private readonly (ElementType Type, UpdateBatch Table, int[] Members)[] _batches;
    private readonly int _roundingSeed;

    private WeightAverage(IEnumerable<Parameter> parameters, double? decay, IEnumerable<Parameter>? averages, AveragePrecision precision, int roundingSeed)
    {
        if (!Enum.IsDefined(precision))
            throw new ArgumentOutOfRangeException(nameof(precision), precision, $"precision must be one of {string.Join(", ", Enum.GetNames<AveragePrecision>())}.");
        (Precision, _roundingSeed) = (precision, roundingSeed);
        _parameters = [.. parameters ?? throw new ArgumentNullException(nameof(parameters))];
        Device = ParameterChecks.DeviceOf(_parameters);
        if (precision == AveragePrecision.StochasticBFloat16 && !Device.SupportsEncodings)
            throw new ArgumentException($"precision must be SameAsParameter or Float32 on device '{Device.Name}'. Actual value was {precision}.", nameof(precision));
        ParameterChecks.ThrowIfUnfit([], _parameters, Device);
        _decay = decay;
        _arena = new(Device);
        for (var i = 0; i < _parameters.Length; i++)
            _indices.Add(_parameters[i], i);
        (ElementType Type, int[] Members)[] alike = [.. Enumerable.Range(0, _parameters.Length).GroupBy(i => _parameters[i].ElementType).Select(group => (group.Key, group.ToArray()))];
        _averages = averages is null ? Allocate(alike) : Fit([.. averages]);
        _batches = [.. alike.Select(group => (group.Type, Table(group.Type, group.Members), group.Members))];
    }

    /// <summary>The device on which all lie.</summary>
    public Device Device { get; }

    /// <summary>The averages, under the parameters' names: to look at, and for checkpoints.</summary>
    public IReadOnlyList<Parameter> Averages => _averages;

    /// <summary>What they are averages of, in the same order.</summary>
    internal IReadOnlyList<Parameter> Parameters => _parameters;

    /// <summary>What averages are kept in.</summary>
    public AveragePrecision Precision { get; }

    /// <summary>Whether averages are kept in something else than the parameters, and so by an update of its own.</summary>
    internal bool IsApart => Precision != AveragePrecision.SameAsParameter;

    /// <summary>Whether the averages were disposed of.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>How often the averages were updated; 0 or more. Set it to go on from averages that were loaded.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public long UpdateCount
    {
        get;
        set => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(UpdateCount), value, "UpdateCount must be at least 0.");
    }

    /// <summary>Called by each update, in a step or not: for what else an averaged model has.</summary>
    internal Action? Updating { get; set; }

    /// <summary>What stays of the averages in an update; -1 for averages of equal weights.</summary>
    internal double Decay => _decay ?? -1;

    /// <summary>The rule of the next update.</summary>
    internal AverageRule NextRule => new(_decay is { } decay ? 1 - decay : 1.0 / (UpdateCount + 1), UpdateCount == 0);

    /// <summary>An exponential moving average: <c>average = lerp(average, p, 1 - decay)</c>, the first a copy.</summary>
    /// <param name="parameters">The parameters; at least one, all on one device.</param>
    /// <param name="decay">How much of the average stays; in [0, 1], typically 0.999. PyTorch: <c>get_ema_multi_avg_fn(decay)</c>.</param>
    /// <param name="averages">Tensors to keep the averages in, one for each parameter in their order, of its shape and the precision's type; null to make some.</param>
    /// <param name="precision">What to keep averages in.</param>
    /// <param name="roundingSeed">What random roundings begin with, see <see cref="OptimizerOptions.RoundingSeed"/>.</param>
    /// <exception cref="ArgumentException">A parameter or an average cannot be taken; the message says which and why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The decay is out of range, or there is no such precision.</exception>
    public static WeightAverage Exponential(
        IEnumerable<Parameter> parameters,
        double decay = 0.999,
        IEnumerable<Parameter>? averages = null,
        AveragePrecision precision = AveragePrecision.SameAsParameter,
        int roundingSeed = 0) => decay is >= 0 and <= 1
        ? new(parameters, decay, averages, precision, roundingSeed)
        : throw new ArgumentOutOfRangeException(nameof(decay), decay, "decay must be in [0, 1].");

    /// <summary>The mean of all that was: <c>average = lerp(average, p, 1 / (n + 1))</c> after n updates. PyTorch: <c>AveragedModel</c>.</summary>
    /// <param name="parameters">The parameters; at least one, all on one device.</param>
    /// <param name="averages">Tensors to keep the averages in, one for each parameter in their order, of its shape and the precision's type; null to make some.</param>
    /// <param name="precision">What to keep averages in.</param>
    /// <param name="roundingSeed">What random roundings begin with, see <see cref="OptimizerOptions.RoundingSeed"/>.</param>
    /// <exception cref="ArgumentException">A parameter or an average cannot be taken; the message says which and why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such precision.</exception>
    public static WeightAverage Equal(
        IEnumerable<Parameter> parameters, IEnumerable<Parameter>? averages = null, AveragePrecision precision = AveragePrecision.SameAsParameter, int roundingSeed = 0) =>
        new(parameters, null, averages, precision, roundingSeed);

    /// <summary>Takes the parameters, as they are now, into the averages.</summary>
    /// <exception cref="InvalidOperationException">Averages of another type are in the parameters' place, see <see cref="Swap"/>.</exception>
    /// <exception cref="ObjectDisposedException">This, or a parameter's memory, was disposed of. Nothing was changed.</exception>
    public void Update()
    {
        Check();
        ThrowIfSwapped();
        Updating?.Invoke();
        TakeIn();
    }

    /// <summary>Takes the parameters into the averages once all was checked.</summary>
    internal void TakeIn()
    {
        var rule = NextRule;
        foreach (var (_, table, members) in _batches)
        {
            for (var i = 0; i < members.Length; i++)
                table.Gradients[i] = _parameters[members[i]].Data.Address;
            if (table.IsEncoded)
                Device.UpdateEncoded<AverageRule>([new(rule, (uint)UpdateCount)], table);
            else
                Device.Update<AverageRule>([rule], table);
        }
        UpdateCount++;
    }

    /// <summary>The type of an average of a parameter.</summary>
    internal ElementType TypeOf(Parameter parameter) => Precision switch
    {
        AveragePrecision.SameAsParameter => parameter.ElementType,
        AveragePrecision.Float32 => ElementType.Float32,
        _ => ElementType.BFloat16,
    };

    /// <summary>Gives back the averages. Parameters stay.</summary>
    public void Dispose()
    {
        if (IsDisposed)
            return;
        IsDisposed = true;
        foreach (var (_, table, _) in _batches)
            table.Dispose();
        Array.ForEach(_swapped ?? [], buffer => buffer.Dispose());
        _arena.Dispose();
    }

    /// <summary>Refuses to average parameters that are not among some.</summary>
    /// <param name="parameters">These.</param>
    /// <param name="what">What messages call them.</param>
    internal void ThrowIfForeign(IEnumerable<Parameter> parameters, string what)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (_parameters.Except(parameters).FirstOrDefault() is { } foreign)
            throw new ArgumentException($"WeightAverage must be of {what}. '{foreign.Name}' is not among them.", nameof(parameters));
    }

    /// <summary>Where the average of a parameter lies; 0 if it has none.</summary>
    internal nint AddressOf(Parameter parameter) => _indices.TryGetValue(parameter, out var index) ? _averages[index].Data.Address : 0;

    private void Check()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        LocateAverages();
        foreach (var parameter in _parameters)
            parameter.Locate?.Invoke();
        foreach (var parameter in _parameters)
            ObjectDisposedException.ThrowIf(parameter.Data.IsDisposed, parameter);
    }

    /// <summary>Has engines whose tensors move say whether averages are where they were.</summary>
    internal void LocateAverages()
    {
        foreach (var average in _averages)
            average.Locate?.Invoke();
    }

    /// <summary>The table that takes parameters of a type into their averages.</summary>
    private UpdateBatch Table(ElementType type, int[] members)
    {
        var average = TypeOf(_parameters[members[0]]);
        // Averages of the parameters' type compute in it, as PyTorch's do.
        var compute = IsApart ? ElementType.Float32 : type;
        var types = new UpdateTypes(average, type, compute, compute)
        {
            Rounding = Precision == AveragePrecision.StochasticBFloat16 ? ParameterRounding.Stochastic : ParameterRounding.Nearest,
        };
        return Device.CreateUpdateBatch(types, [.. members.Select(i => new UpdateSegment(_averages[i].Data.Address, 0, 0, 0, _parameters[i].Length)
        {
            // Not the random numbers of the parameter itself.
            RandomKey = RandomKey.Of(_roundingSeed, "average of " + _parameters[i].Origin.Parameter.Name),
            WholeStart = _parameters[i].Origin.Start,
        })]);
    }

    /// <summary>Averages in memory of their own.</summary>
    private Parameter[] Allocate((ElementType Type, int[] Members)[] alike)
    {
        var averages = new Parameter[_parameters.Length];
        foreach (var (_, members) in alike)
        {
            var buffers = _arena.Allocate(TypeOf(_parameters[members[0]]), [.. members.Select(i => _parameters[i])]);
            for (var i = 0; i < members.Length; i++)
            {
                var parameter = _parameters[members[i]];
                averages[members[i]] = buffers[i] switch
                {
                    DeviceBuffer<float> single => new Parameter<float>(parameter.Name, [.. parameter.Shape], single),
                    DeviceBuffer<BFloat16> brain => new Parameter<BFloat16>(parameter.Name, [.. parameter.Shape], brain),
                    var half => new Parameter<Half>(parameter.Name, [.. parameter.Shape], (DeviceBuffer<Half>)half),
                };
            }
        }
        return averages;
    }

    /// <summary>Averages in memory of the caller's, if each is of its parameter's shape, type and device.</summary>
    private Parameter[] Fit(Parameter[] averages)
    {
        if (averages.Length != _parameters.Length)
            throw new ArgumentException($"averages must be as many as the parameters, {_parameters.Length}. Actual number was {averages.Length}.", nameof(averages));
        for (var i = 0; i < averages.Length; i++)
        {
            if (averages[i]?.ElementType != TypeOf(_parameters[i]) || !averages[i].Shape.SequenceEqual(_parameters[i].Shape))
                throw new ArgumentException($"The average of parameter '{_parameters[i]}' must be of its shape and {TypeOf(_parameters[i])}. Actual average was '{averages[i]}'.", nameof(averages));
        }
        ParameterChecks.ThrowIfUnfit([], averages, Device);
        ParameterChecks.ThrowIfOverlapping([.. _parameters, .. averages]);
        return averages;
    }
}
