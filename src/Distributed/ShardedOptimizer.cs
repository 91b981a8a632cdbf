using GpuOptim.Distributed.Sharding;
using GpuOptim.Host;
using GpuOptim.Optimizers;

namespace GpuOptim.Distributed;

/// <summary>
/// An optimizer whose state and work are shared out among ranks, while every rank has the parameters: ZeRO, stages 1 and 2, for those that work element by
/// element; whole matrices for Muon and NorMuon. Each rank gives the gradients that it has; all take the same step, that of one process with the sum.
/// </summary>
/// <remarks>
/// Every rank makes it with equal parameters and options, and calls what it does in the same order. Tensors are laid into buckets, and each bucket is shared out.
/// Gradients go to the rank that owns a piece; it updates, and all collect the new parameters, or of a matrix its direction. What norms, clipping, loss scaling and
/// averages know is of the whole model. A parameter must have a gradient on all ranks or on none.
/// Sources: S. Rajbhandari et al., 2019, https://arxiv.org/abs/1910.02054; J. Liu et al., 2025, https://arxiv.org/abs/2502.16982.
/// </remarks>
public sealed partial class ShardedOptimizer : Optimizer, IBucketObserver, IStateHolder
{
    private readonly Council _council;
    private readonly Optimizer _whole;
    private readonly Optimizer[] _parts;
    private readonly Optimizer[] _locals;
    private readonly Dictionary<(int Part, int StateSize), ElementPlan> _elementPlans = [];
    private readonly MatrixPlan[] _matrixPlans;
    private readonly Dictionary<Parameter, WholeTensor> _tensors = [];
    private readonly Dictionary<Parameter, (Piece Piece, Bucket Bucket, long Offset)> _places = [];
    private readonly Dictionary<Piece, ParameterPiece> _ownPieces = [];
    private readonly List<Parameter> _shards = [];
    private readonly Dictionary<Parameter, Piece> _shardPieces = [];
    private readonly Dictionary<ParameterGroup, MuonOptionsBase> _cutFor = [];
    private OptimizerOptions[] _builtFor = [];
    private Bucket[] _buckets = [];
    private BucketMemory? _memory;
    private NormTables? _normTables;
    private bool _isStale;

    /// <summary>Shares out an optimizer of one kind. All ranks must do so at the same time.</summary>
    /// <param name="communicator">The ranks; it outlives the optimizer.</param>
    /// <param name="options">The optimizer's options; those of the first group.</param>
    /// <param name="parameters">Its first group of parameters, on the communicator's device; of the same names, shapes and values on all ranks.</param>
    /// <param name="sharding">How to share out; the defaults if null.</param>
    /// <exception cref="ArgumentException">A parameter cannot be taken; the message says which and why.</exception>
    /// <exception cref="CommunicationException">Ranks differ, and the message says in what; or one did not answer.</exception>
    public ShardedOptimizer(ICommunicator communicator, OptimizerOptions options, IEnumerable<Parameter> parameters, ShardedOptions? sharding)
        : this(communicator, [.. parameters ?? throw new ArgumentNullException(nameof(parameters))], sharding ?? new(), own => (options ?? throw new ArgumentNullException(nameof(options))).CreateOptimizer(own))
    {
    }

    /// <inheritdoc cref="ShardedOptimizer(ICommunicator, OptimizerOptions, IEnumerable{Parameter}, ShardedOptions)"/>
    public ShardedOptimizer(ICommunicator communicator, OptimizerOptions options, IEnumerable<Parameter> parameters)
        : this(communicator, options, parameters, sharding: null)
    {
    }

    /// <summary>Shares out an optimizer of a whole model, which trains different parameters by different algorithms. All ranks must do so at the same time.</summary>
    /// <param name="communicator">The ranks; it outlives the optimizer.</param>
    /// <param name="parameters">All parameters, on the communicator's device; of the same names, shapes and values on all ranks.</param>
    /// <param name="sharding">How to share out; the defaults if null.</param>
    /// <param name="assignments">Who trains what; see <see cref="ModelOptimizer"/>.</param>
    /// <exception cref="ArgumentException">A parameter cannot be taken; the message says which and why.</exception>
    /// <exception cref="CommunicationException">Ranks differ, and the message says in what; or one did not answer.</exception>
    public ShardedOptimizer(ICommunicator communicator, IEnumerable<Parameter> parameters, ShardedOptions? sharding, params IReadOnlyList<Assignment> assignments)
        : this(communicator, [.. parameters ?? throw new ArgumentNullException(nameof(parameters))], sharding ?? new(), own => new ModelOptimizer(own, assignments))
    {
    }

    private ShardedOptimizer(ICommunicator communicator, Parameter[] parameters, ShardedOptions sharding, Func<Parameter[], Optimizer> create)
        : base((communicator ?? throw new ArgumentNullException(nameof(communicator))).Device)
    {
        (Communicator, Sharding) = (communicator, sharding);
        _council = new(communicator);
        try
        {
            _whole = Together("make the optimizer", () =>
            {
                if (ParameterChecks.DeviceOf(parameters) is var device && device != communicator.Device)
                    throw new ArgumentException($"Parameters must lie on the communicator's device, '{communicator.Device.Name}'. Actual device was '{device.Name}'.", nameof(parameters));
                var whole = create(parameters);
                if ((whole is ModelOptimizer model ? model.Optimizers : [whole]).FirstOrDefault(part => part.TakesWholeTensors) is { } part)
                    throw new ArgumentException($"Optimizers must go element by element to be shared out, or be Muon or NorMuon. Actual type was {part.GetType().Name}, which measures whole tensors.", nameof(parameters));
                foreach (var group in whole.Groups)
                    ThrowIfUnsharable(group.AnyOptions, group.Parameters);
                return whole;
            });
            _parts = _whole is ModelOptimizer model ? [.. model.Optimizers] : [_whole];
            foreach (var part in _parts)
                part.StateHolder = this;
            _locals = new Optimizer[_parts.Length];
            _matrixPlans = [.. _parts.Select(_ => new MatrixPlan(communicator.Size, sharding.BucketBytes))];
            ThrowIfDifferent([$"sharding {sharding}", .. _whole.Groups.SelectMany(group => Describe(group.AnyOptions, group.Parameters))]);
            for (var part = 0; part < _parts.Length; part++)
            {
                for (var group = 0; group < _parts[part].Groups.Count; group++)
                    AddTensors(part, group);
            }
            ExchangeSlices([.. _tensors.Values]);
            ThrowIfUnequal(_tensors.Values, $"to start with. {nameof(Broadcast)} makes them so");
            Plan([.. _tensors.Values]);
            Build();
            for (var part = 0; part < _parts.Length; part++)
            {
                for (var group = 0; group < _parts[part].Groups.Count; group++)
                    AddLocalGroup(part, group);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The ranks.</summary>
    public ICommunicator Communicator { get; }

    /// <summary>How work is shared out.</summary>
    public ShardedOptions Sharding { get; }

    /// <summary>
    /// What this rank owns, as parameters in the same memory: for a <see cref="Optimizer.WeightAverage"/>, whose averages are then shared out, too. After
    /// something else than the optimizer has changed them, as <see cref="Optimizers.WeightAverage.Swap"/> does, <see cref="Gather"/> brings them to all ranks.
    /// </summary>
    public IReadOnlyList<Parameter> Shards => _shards;

    /// <inheritdoc/>
    public override long StateBytes => _locals.Sum(local => local.StateBytes);

    /// <summary>Bytes of memory that buckets take on this rank.</summary>
    public long BucketBytes => (_memory?.Bytes ?? 0) + _buckets.Sum(bucket => bucket.Gradient.SizeInBytes);

    /// <summary>
    /// Bytes of gradients, parameters and directions that this rank sends in a step in which every parameter has a gradient. What ranks tell each other besides,
    /// to agree on the step, is <see cref="AgreementBytesPerStep"/>.
    /// </summary>
    public long BytesSentPerStep => _buckets.Sum(bucket => bucket.BytesSent);

    /// <summary>Bytes that this rank sends to agree on a step.</summary>
    public long AgreementBytesPerStep => (Communicator.Size - 1) * AgreementLength;

    /// <summary>Whether there is nobody to share with: parameters are updated where they are.</summary>
    private bool IsAlone => Communicator.Size == 1;

    private protected override IReadOnlyList<ParameterGroup> GroupList => _whole.Groups;

    private protected override IEnumerable<Parameter> Averageable => _shards;

    private protected override string AverageableName => $"the ShardedOptimizer's {nameof(Shards)}";

    private protected override bool UpdatesAverages => true;

    private protected override bool ChecksInStep => true;

    /// <inheritdoc/>
    /// <remarks>All ranks must do so at the same time.</remarks>
    public override ParameterGroup AddGroup(IEnumerable<Parameter> parameters, OptimizerOptions options)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ThrowIfFailed();
        Parameter[] added = [.. parameters ?? throw new ArgumentNullException(nameof(parameters))];
        Together("make the new group", () =>
        {
            ArgumentNullException.ThrowIfNull(options);
            if (!_parts.Any(each => each.Groups[0].AnyOptions.GetType() == options.GetType()))
                throw new ArgumentException($"options must be of a kind that the optimizer was made with: {string.Join(", ", _parts.Select(each => each.Groups[0].AnyOptions.GetType().Name))}. Actual type was {options.GetType().Name}.", nameof(options));
            ParameterChecks.DeviceOf(added);
            ParameterChecks.ThrowIfUnfit(Parameters, added, Device);
            // What an optimizer of its own can take, the whole one can: nothing fails once some ranks have the group.
            options.CreateOptimizer(added).Dispose();
            ThrowIfUnsharable(options, added);
            return true;
        });
        ThrowIfDifferent([.. Describe(options, added)]);
        var part = Array.FindIndex(_parts, each => each.Groups[0].AnyOptions.GetType() == options.GetType());
        var index = _parts[part].Groups.Count;
        WholeTensor[] tensors = [.. added.Select(parameter => new WholeTensor(parameter, part, index, _parts[part] is IMatrixOptimizer))];
        ExchangeSlices(tensors);
        ThrowIfUnequal(tensors, $"to start with. {nameof(Broadcast)} makes them so");
        // From here on nothing fails.
        var group = _whole.AddGroup(added, options);
        foreach (var tensor in tensors)
            _tensors.Add(tensor.Parameter, tensor);
        Plan(tensors);
        Build();
        AddLocalGroup(part, index);
        return group;
    }

    /// <summary>Copies the parameters of one rank to all, so that these start from the same. All ranks must do so at the same time.</summary>
    /// <param name="communicator">The ranks.</param>
    /// <param name="parameters">The parameters, of the same shapes, in the same order; none that an engine has cut.</param>
    /// <param name="root">The rank that has them.</param>
    /// <exception cref="ArgumentException">A parameter is a slice, or lies on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such rank.</exception>
    /// <exception cref="CommunicationException">A rank did not answer. Parameters may be partly changed.</exception>
    public static void Broadcast(ICommunicator communicator, IEnumerable<Parameter> parameters, int root = 0)
    {
        ArgumentNullException.ThrowIfNull(communicator);
        ArgumentNullException.ThrowIfNull(parameters);
        if (root < 0 || root >= communicator.Size)
            throw new ArgumentOutOfRangeException(nameof(root), root, $"root must be in [0, {communicator.Size}).");
        Parameter[] all = [.. parameters];
        foreach (var parameter in all)
        {
            if (parameter.Slice is not null)
                throw new ArgumentException($"Parameters must be whole. '{parameter.Name}' is a slice, and each rank has another.", nameof(parameters));
            if (parameter.Device != communicator.Device)
                throw new ArgumentException($"Parameter '{parameter.Name}' must lie on the communicator's device, '{communicator.Device.Name}'. Actual device was '{parameter.Device.Name}'.", nameof(parameters));
        }
        foreach (var parameter in all)
        {
            parameter.Locate?.Invoke();
            communicator.Broadcast(parameter.Data.Address, parameter.Length, WireTypes.Of(parameter.ElementType), root).Wait();
        }
    }

    /// <summary>Brings what each rank owns of the parameters to all ranks. All must do so at the same time.</summary>
    /// <exception cref="CommunicationException">A rank did not answer. Parameters may be partly changed.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, or memory that it needs, was disposed of.</exception>
    public void Gather()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ThrowIfFailed();
        FindData();
        foreach (var piece in _tensors.Values.Where(tensor => tensor.Slices is null).SelectMany(tensor => tensor.Pieces))
            Communicator.Broadcast(piece.Tensor.DataAt(piece.Start), piece.Length, WireTypes.Of(piece.Tensor.Parameter.ElementType), piece.Owner).Wait();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var local in _locals ?? [])
            local?.Dispose();
        _whole?.Dispose();
        foreach (var bucket in _buckets)
            bucket.Dispose();
        _normTables?.Dispose();
        _memory?.Dispose();
        _council.Dispose();
        base.Dispose(disposing);
    }
}
