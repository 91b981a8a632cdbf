using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>Changes parameters along their gradients. One optimizer works on one device.</summary>
/// <remarks>Steps of different optimizers may run at the same time; calls on one optimizer may not.</remarks>
public abstract partial class Optimizer : IDisposable
{
    private DeviceStep? _step;

    private protected Optimizer(Device device) => Device = device;

    /// <summary>The device on which all parameters lie.</summary>
    public Device Device { get; }

    /// <summary>The parameters with their hyper-parameters.</summary>
    public IReadOnlyList<ParameterGroup> Groups => GroupList;

    /// <summary>All parameters, group by group.</summary>
    public IEnumerable<Parameter> Parameters => Groups.SelectMany(group => group.Parameters);

    /// <summary>Whether the optimizer was disposed of.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>
    /// Averages that each step takes the parameters into while it updates them, in the same pass; null, as at first, for none. They may be of some of
    /// the optimizer's parameters. Of a <see cref="ModelOptimizer"/>, what counts is its own.
    /// </summary>
    /// <exception cref="ArgumentException">An averaged parameter is not the optimizer's.</exception>
    /// <exception cref="ObjectDisposedException">The averages were disposed of.</exception>
    public WeightAverage? WeightAverage
    {
        get;
        set
        {
            if (value == field)
                return;
            value?.ThrowIfForeign(Averageable, AverageableName);
            field = value;
            Rebuild();
        }
    }

    /// <summary>
    /// Raised before gradients are looked at, by steps and <see cref="ZeroGradients"/>: where an engine whose gradients come and go says where they are now, by
    /// <see cref="Parameter.HasGradient"/>, <see cref="DeviceBuffer.MoveTo"/> and <see cref="Parameter.ReleaseGradient"/>. What a handler throws ends the
    /// call before anything is changed.
    /// </summary>
    public event EventHandler? ReadingGradients;

    /// <summary>What adds gradients up for the optimizer's steps; null if nothing does.</summary>
    internal GradientAccumulation? Accumulation { get; set; }

    /// <summary>The optimizer that has this one do a part of its work.</summary>
    internal Optimizer? Owner { get; set; }

    /// <summary>
    /// Who has the state, if not this optimizer, which then only declares it: it has groups, counts steps and knows what was written, and never updates.
    /// </summary>
    internal IStateHolder? StateHolder { get; set; }

    /// <summary>The names of state that is one number a parameter.</summary>
    internal virtual IReadOnlyList<string> ScalarNames => [];

    /// <summary>Whether an update of an element depends on all of its tensor, whose parts cannot be updated apart.</summary>
    internal virtual bool TakesWholeTensors => false;

    private protected abstract IReadOnlyList<ParameterGroup> GroupList { get; }

    /// <summary>The parameters that there may be averages of.</summary>
    private protected virtual IEnumerable<Parameter> Averageable => Parameters;

    /// <summary>What messages call these.</summary>
    private protected virtual string AverageableName => "the optimizer's parameters";

    /// <summary>Updates every parameter that has a gradient, in place.</summary>
    /// <exception cref="ObjectDisposedException">The optimizer, or memory that it needs, was disposed of. Nothing was changed.</exception>
    public void Step()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ReadGradients();
        StepOnGradientsRead();
    }

    /// <summary>Has the engine say where gradients are.</summary>
    internal void ReadGradients()
    {
        var reader = Owner ?? this;
        reader.ReadingGradients?.Invoke(reader, EventArgs.Empty);
    }

    /// <summary>A step on gradients where the engine last said that they are.</summary>
    internal void StepOnGradientsRead()
    {
        if (!ChecksInStep)
            CheckHelpers();
        ReadChecks(wait: false);
        UpdateParameters(_step ??= Device.CreateStep());
        Telemetry.Step(this);
        ReadChecks(wait: false);
    }

    /// <summary>Whether the step itself calls <see cref="CheckHelpers"/>.</summary>
    private protected virtual bool ChecksInStep => false;

    /// <summary>Refuses a scaler and averages that are gone, and tells the averages that they are about to be updated.</summary>
    private protected void CheckHelpers()
    {
        if (GradientScaler is { } scaler)
            ObjectDisposedException.ThrowIf(scaler.IsDisposed, scaler);
        if (WeightAverage is { } average)
        {
            ObjectDisposedException.ThrowIf(average.IsDisposed, average);
            average.ThrowIfSwapped();
            average.LocateAverages();
            average.Updating?.Invoke();
        }
    }

    /// <summary>The step itself.</summary>
    private protected virtual void UpdateParameters(DeviceStep step)
    {
        PrepareStep(step);
        step.Begin();
        var context = NormGradients(step) with { Average = WeightAverage?.NextRule ?? default, Step = step };
        RunStep(context);
        step.End();
        FinishStep(context);
        if (UpdatesAverages)
            WeightAverage?.TakeIn();
        else if (WeightAverage is not null)
            WeightAverage.UpdateCount++;
    }

    /// <summary>Sets every gradient to zero.</summary>
    /// <exception cref="ObjectDisposedException">The optimizer or a gradient was disposed of.</exception>
    public void ZeroGradients()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ReadGradients();
        for (var i = 0; i < GroupList.Count; i++)
        {
            var parameters = GroupList[i].Parameters;
            for (var j = 0; j < parameters.Count; j++)
                parameters[j].ClearGradient();
        }
    }

    /// <summary>Adds parameters with their own hyper-parameters; state of those there already stays where it is.</summary>
    /// <param name="parameters">At least one; none that the optimizer has already, by identity, name or memory.</param>
    /// <param name="options">The group's hyper-parameters, of the kind that the optimizer has.</param>
    /// <returns>The new group.</returns>
    /// <exception cref="ArgumentException">A parameter cannot be added, or the options are another optimizer's. Nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or a parameter's memory, was disposed of.</exception>
    public abstract ParameterGroup AddGroup(IEnumerable<Parameter> parameters, OptimizerOptions options);

    /// <summary>A copy of the optimizer's state on the host: what is needed to go on later as if nothing had happened.</summary>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed of.</exception>
    public StateDictionary StateDictionary() => StateDictionary(decoded: false);

    /// <summary>A copy of the state on the host, in memory's numbers or in those that they stand for.</summary>
    /// <param name="decoded">
    /// Whether state of a <see cref="StatePrecision"/> other than the parameter's is float, with no scales beside it: to look at, for <see cref="Load"/> takes
    /// what lies in memory. What roundings of parameters keep stays as it is.
    /// </param>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed of.</exception>
    public StateDictionary StateDictionary(bool decoded)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        var state = decoded ? Decoded(LiveState()) : LiveState();
        return state with
        {
            Parameters = state.Parameters.ToDictionary(
                pair => pair.Key,
                pair => pair.Value with { Tensors = new OrderedDictionary<string, StateTensor>(pair.Value.Tensors.Select(tensor => KeyValuePair.Create(tensor.Key, tensor.Value.Copy()))) }),
        };
    }

    /// <summary>Takes over a state: tensors, step counts and hyper-parameters. Everything is checked before anything is changed.</summary>
    /// <param name="state">The state of an optimizer of the same kind, with the same parameters in the same groups.</param>
    /// <exception cref="ArgumentException">The state does not fit; the message names what does not.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed of.</exception>
    public void Load(StateDictionary state)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentNullException.ThrowIfNull(state);
        ThrowIfForeign(state);
        TakeState(state);
    }

    /// <summary>Gives back the state. Parameters and device stay.</summary>
    public void Dispose()
    {
        if (!IsDisposed)
        {
            IsDisposed = true;
            GradientScaler?.Detach();
            _step?.Dispose();
            _norm?.Dispose();
            Dispose(true);
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>The optimizer's state as it lies on the device; it changes with the next step.</summary>
    internal abstract StateDictionary LiveState();

    /// <summary>A state of this optimizer with floats in place of what is encoded.</summary>
    internal virtual StateDictionary Decoded(StateDictionary state) => Declared.Decoded(state);

    /// <summary>
    /// A state of an optimizer of this kind, whose numbers lay in memory in another way, as they lie here. Of what fits in no way nothing is changed, for
    /// <see cref="ThrowIfForeign"/> to refuse.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="values">The values of a parameter that the state goes with, exact, in float; null: those that the parameter will have when the state is taken over.</param>
    /// <exception cref="ArgumentException">What belongs to a number is missing, or something else.</exception>
    internal virtual StateDictionary Converted(StateDictionary state, Func<Parameter, StateTensor>? values) => Declared.Converted(state, values);

    /// <summary>Bytes of state on the device; none before the first step. Of a sharded optimizer, those of this process.</summary>
    public abstract long StateBytes { get; }

    /// <summary>Bytes of state that an element of a parameter has with a group's present options.</summary>
    internal virtual int StateSize(int group, Parameter parameter) => throw new NotSupportedException();

    /// <summary>The tensor of state that has a name; null if none has.</summary>
    internal virtual StateColumn? ColumnOf(string name) => null;

    /// <summary>The first half of a step: everything that can fail. Changes no parameter and no state.</summary>
    /// <param name="step">The step, as the device sees it.</param>
    internal abstract void PrepareStep(DeviceStep step);

    /// <summary>The second half of a step.</summary>
    /// <param name="context">What it does around its rules.</param>
    internal abstract void RunStep(in StepContext context);

    /// <summary>Remembers that the device was given the step.</summary>
    /// <param name="context">What it did around its rules.</param>
    internal abstract void FinishStep(in StepContext context);

    /// <summary>Has the next step build its tables anew.</summary>
    internal abstract void Rebuild();

    /// <summary>Takes in what became of a step whose outcome was not certain.</summary>
    /// <param name="bit">Its bit.</param>
    /// <param name="foundInf">Whether the device skipped it.</param>
    internal abstract void ResolveStep(int bit, bool foundInf);

    /// <summary>Adds the tables whose gradients the step in preparation uses.</summary>
    internal abstract void Collect(List<UpdateBatch> tables);

    /// <summary>The tensors of these tables, in their order, as a step would build them now.</summary>
    internal abstract IEnumerable<TableTensor> TableTensors();

    /// <summary>Refuses a state that is not of this kind of optimizer with these parameters. Changes nothing.</summary>
    internal abstract void ThrowIfForeign(StateDictionary state);

    /// <summary>Takes over a state that was checked.</summary>
    internal abstract void TakeState(StateDictionary state);

    /// <summary>Where a parameter's average lies; 0 if it has none.</summary>
    private protected nint AverageAddress(Parameter parameter) =>
        (Owner ?? this) is { UpdatesAverages: false } taker ? taker.WeightAverage?.AddressOf(parameter) ?? 0 : 0;

    /// <summary>Whether averages are updated after a step, and not in it.</summary>
    private protected virtual bool UpdatesAverages => WeightAverage?.IsApart == true;

    /// <summary>Gives back what a derived class holds.</summary>
    /// <param name="disposing">Always true.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
