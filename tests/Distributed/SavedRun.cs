using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Schedules;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Distributed;

/// <summary>One rank of a run that is saved and goes on, or all of it in one process: the same bits, whatever the number of ranks.</summary>
internal sealed class SavedRun : IDisposable
{
    private readonly Device _device;
    private readonly ICommunicator? _communicator;
    private readonly string _kind;
    private readonly Dictionary<Parameter, int> _indices = [];

    /// <param name="device">Where parameters lie.</param>
    /// <param name="kind">What is trained, and how.</param>
    /// <param name="communicator">The ranks; null for one process without.</param>
    public SavedRun(Device device, string kind, ICommunicator? communicator = null)
    {
        (_device, _kind, _communicator) = (device, kind, communicator);
        Parameters = kind switch
        {
            "small" => [Create<float>("a", [5]), Create<float>("b", [2, 2])],
            "cut" => [Create<float>("matrix", [12, 7], isCut: true), Create<float>("embedding", [40, 210], isCut: true), Create<BFloat16>("whole", [9]), Create<Half>("bias", [11], isCut: true)],
            "model" => [Create<float>("split", [12, 8]), Create<BFloat16>("square", [6, 6]), Create<BFloat16>("long", [5000]), Create<Half>("scalar", []), Create<float>("ü/[0..3]", [9, 2])],
            _ => [Create<float>("large", [150, 70]), Create<BFloat16>("brain", [5000]), Create<Half>("half", [7]), Create<float>("empty", [0, 3])],
        };
        ShardedOptions sharding = new() { BucketBytes = 20_000 };
        Assignment[] model =
        [
            Assignment.Named("split", new MuonOptions { SplitRows = [4, 5, 3] }),
            Assignment.Where("matrices", parameter => parameter.Name is "square" or "matrix", kind == "cut" ? new NorMuonOptions { LearningRate = 0.02 } : new MuonOptions { LearningRate = 0.02 }),
            Assignment.Rest(new AdamWOptions { Amsgrad = true }),
        ];
        Optimizer = kind switch
        {
            "model" or "cut" when communicator is not null => new ShardedOptimizer(communicator, Parameters, sharding, kind == "cut" ? model[1..] : model),
            "model" or "cut" => new ModelOptimizer(Parameters, kind == "cut" ? model[1..] : model),
            _ when communicator is not null => new ShardedOptimizer(communicator, Options, Parameters[..1], sharding),
            _ => Options.CreateOptimizer(Parameters[..1]),
        };
        if (kind is not ("model" or "cut"))
            Optimizer.AddGroup(Parameters[1..], Options with { LearningRate = 0.01 });
        if (kind != "small")
            Optimizer.WeightAverage = kind == "scaled" ? WeightAverage.Equal(Averageable) : WeightAverage.Exponential(Averageable, 0.9);
        if (kind == "scaled")
            Optimizer.GradientScaler = new(device, new() { InitialScale = 4, GrowthInterval = 3 });
        Optimizer.GradientClipping = GradientClipping.ByNorm(3);
        Schedule = new CosineAnnealingLR(Optimizer, maxSteps: 10);
    }

    public Parameter[] Parameters { get; }

    public Optimizer Optimizer { get; }

    public CosineAnnealingLR Schedule { get; }

    private OptimizerOptions Options => _kind == "scaled" ? new NAdamOptions { MomentumDecay = 0.5 } : new AdamWOptions { StatePrecision = StatePrecision.Float32 };

    private IEnumerable<Parameter> Averageable => Optimizer is ShardedOptimizer sharded ? sharded.Shards : Parameters;

    /// <summary>Has some ranks train the small run for some steps, and save it.</summary>
    public static void Save(string path, int ranks, int steps) => ThreadCommunicator.Run(ranks, communicator =>
    {
        using var run = new SavedRun(communicator.Device, "small", communicator);
        run.Train(0, steps);
        ShardedCheckpoint.Save(path, (ShardedOptimizer)run.Optimizer, run.Schedule);
        return 0;
    });

    /// <summary>The small run that is saved, as one process loads it.</summary>
    public static string[] Load(string path)
    {
        using var device = new SimdDevice(threads: 1);
        using var run = new SavedRun(device, "small");
        ShardedCheckpoint.Load(path, run.Optimizer, run.Schedule);
        return run.Snapshot();
    }

    public void Train(int first, int steps)
    {
        for (var step = first; step < first + steps; step++)
        {
            FillGradients(step);
            Optimizer.Step();
            Schedule.Step();
        }
    }

    public void FillGradients(int step)
    {
        foreach (var parameter in Parameters)
        {
            // The last one learns only every other step.
            parameter.HasGradient = parameter != Parameters[^1] || step % 2 == 1;
            switch (parameter)
            {
                case Parameter<float> single: Fill(single, step); break;
                case Parameter<BFloat16> brain: Fill(brain, step); break;
                default: Fill((Parameter<Half>)parameter, step); break;
            }
        }
    }

    /// <summary>All there is, whole; all ranks must ask for it at the same time.</summary>
    public string[] Snapshot() =>
    [
        .. Optimizer.LiveParameters().Select(pair => $"{pair.Key}: {Convert.ToHexString(pair.Value.Bytes.ToArray())}"),
        .. Optimizer.LiveAverages().Select(pair => $"average {pair.Key}: {Convert.ToHexString(pair.Value.Bytes.ToArray())}"),
        .. Optimizer.StateDictionary().Parameters.OrderBy(pair => pair.Key).SelectMany(pair => pair.Value.Tensors.Select(tensor => $"{pair.Key} {tensor.Key} {pair.Value.Step}: {Convert.ToHexString(tensor.Value.Bytes.ToArray())}")),
        .. Optimizer.Groups.Select(group => $"rate {group.LearningRate:R}"),
        $"scaler {Optimizer.GradientScaler?.State()}",
        $"averages {Optimizer.WeightAverage?.UpdateCount}",
        $"schedule {Schedule.StepCount}",
    ];

    public void Dispose()
    {
        Optimizer.GradientScaler?.Dispose();
        Optimizer.WeightAverage?.Dispose();
        Optimizer.Dispose();
    }

    private void Fill<T>(Parameter<T> parameter, int step) where T : unmanaged
    {
        if (!parameter.HasGradient)
            return;
        var (index, isInvalid) = (_indices[parameter], _kind == "scaled" && step % 4 == 2);
        T[] whole = [.. Enumerable.Range(0, (int)parameter.WholeLength).Select(i => Bits.FromFloat<T>(isInvalid && i == 3 ? float.NaN : MathF.Sin(i + 3 * step + index + 1)))];
        parameter.Gradient.CopyFrom(
            _communicator is null ? whole
            : parameter.Slice is null ? ShardedRepetition.Share<T>(whole, _communicator.Rank, _communicator.Size)
            : whole.AsSpan((int)parameter.WholeStart, (int)parameter.Length).ToArray());
    }

    private Parameter<T> Create<T>(string name, long[] shape, bool isCut = false) where T : unmanaged
    {
        var (first, end) = isCut && _communicator is not null ? (shape[0] * _communicator.Rank / _communicator.Size, shape[0] * (_communicator.Rank + 1) / _communicator.Size) : (0, shape.Length == 0 ? 1 : shape[0]);
        var row = shape.Skip(1).Aggregate(1L, (product, extent) => product * extent);
        var parameter = _device.CreateParameter<T>(name, shape.Length == 0 ? [] : [end - first, .. shape[1..]], [.. Enumerable.Range((int)(first * row), (int)((end - first) * row)).Select(i => Bits.FromFloat<T>(MathF.Cos(i)))]);
        if (isCut && _communicator is not null)
            parameter.Slice = new(shape, first);
        _indices.Add(parameter, _indices.Count);
        return parameter;
    }
}
