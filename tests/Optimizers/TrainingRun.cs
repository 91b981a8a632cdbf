using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Schedules;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>Parameters of several types and an optimizer with two groups, that learn from gradients of the step's number.</summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly Device _device;

    public TrainingRun(Device device, string kind)
    {
        _device = device;
        Parameters = kind switch
        {
            "small" => [device.CreateParameter<float>("only", [3], [1f, 2f, 3f])],
            "fused" => [Create<float>("a.weight", [16, 4]), Create<BFloat16>("b/weight", [4, 32]), Create<Half>("c.weight", [96])],
            // PyTorch rounds scalars to the parameter's type when it loads them.
            "muon" or "coded" or "nadam" or "asgd" => [Create<float>("a.weight", [6, 4]), Create<float>("b/weight", [5, 7])],
            _ => [Create<float>("a.weight", [6, 4]), Create<float>("b/weight", [5, 7]), Create<BFloat16>("ü", [11]), Create<Half>("scalar", [])],
        };
        var rest = Parameters.Skip(1).ToArray();
        Optimizer = kind switch
        {
            "small" => new Sgd(Parameters, new() { LearningRate = 0.1, Momentum = 0.9 }),
            "sgd" => new Sgd(Parameters[..1], new() { LearningRate = 0.1 }),
            "momentum" => new Sgd(Parameters[..1], new() { LearningRate = 0.1, Momentum = 0.9 }),
            "rmsprop" => new RmsProp(Parameters[..1], new() { Centered = true, Momentum = 0.9 }),
            "adam" => new Adam(Parameters[..1], new() { Amsgrad = true }),
            "adamw" => new AdamW(Parameters[..1], new() { Amsgrad = true }),
            "adagrad" => new Adagrad(Parameters[..1], new() { InitialAccumulatorValue = 0.1, LearningRateDecay = 0.1 }),
            "adadelta" => new Adadelta(Parameters[..1]),
            "adamax" => new Adamax(Parameters[..1]),
            "nadam" => new NAdam(Parameters[..1], new() { WeightDecay = 0.1, WeightDecayMode = WeightDecayMode.Decoupled, MomentumDecay = 0.1 }),
            "radam" => new RAdam(Parameters[..1], new() { Beta2 = 0.9 }),
            "rprop" => new Rprop(Parameters[..1], new() { EtaMinus = 0.4, MaxStepSize = 0.02 }),
            "asgd" => new Asgd(Parameters[..1], new() { Lambda = 0.1, T0 = 2 }),
            "fused" => new AdamW(Parameters[..1], new() { ComputePrecision = ComputePrecision.Float32 }),
            "coded" => new AdamW(Parameters[..1], new() { StatePrecision = StatePrecision.Blockwise8, FullPrecisionBelow = 0 }),
            "muon" => new Muon(Parameters[..1]),
            "scaled" => new Adam(Parameters[..1]),
            _ => new ModelOptimizer(Parameters, Assignment.Named("*weight", new MuonOptions()), Assignment.Rest(new AdamWOptions())),
        };
        if (kind == "scaled")
        {
            Optimizer.GradientScaler = new(device, new() { InitialScale = 4, GrowthInterval = 3 });
            Optimizer.WeightAverage = WeightAverage.Equal(Parameters[..1]);
        }
        if (kind is not ("small" or "model"))
            Optimizer.AddGroup(rest, Optimizer.Groups[0].AnyOptions with { LearningRate = 0.01 });
        Schedule = kind switch
        {
            "small" => new StepLR(Optimizer, 2),
            "scaled" => new ReduceLROnPlateau(Optimizer, factor: 0.5, patience: 1),
            _ => new SequentialLR(Optimizer, [new LinearLR(Optimizer, 0.1, 1, 3), new CosineAnnealingLR(Optimizer, 10)], [3]),
        };
    }

    public Parameter[] Parameters { get; }

    public Optimizer Optimizer { get; }

    public ISchedule Schedule { get; }

    public void Train(int first, int steps)
    {
        for (var step = first; step < first + steps; step++)
        {
            FillGradients(step);
            Optimizer.Step();
            if (Schedule is LearningRateSchedule schedule)
                schedule.Step();
            else
                ((ReduceLROnPlateau)Schedule).Step(Math.Max(step, 2));
        }
    }

    /// <summary>The gradients of a step's number.</summary>
    public void FillGradients(int step)
    {
        foreach (var (parameter, i) in Parameters.Select((parameter, i) => (parameter, i)))
        {
            // The last one learns only every other step.
            parameter.HasGradient = i == 0 || i < Parameters.Length - 1 || step % 2 == 1;
            switch (parameter)
            {
                case Parameter<float> single: Fill(single, step); break;
                case Parameter<BFloat16> brain: Fill(brain, step); break;
                default: Fill((Parameter<Half>)parameter, step); break;
            }
        }
        if (Optimizer.GradientScaler is not null && step % 4 == 2)
            ((Parameter<float>)Parameters[0]).Gradient.CopyFrom([.. Enumerable.Repeat(float.NaN, (int)Parameters[0].Length)]);
    }

    public void AssertEqual(TrainingRun other) => Assert.That(Snapshot(), Is.EqualTo(other.Snapshot()));

    public void AssertParametersEqual(TrainingRun other) => Assert.That(Parameters.Select(Bits.Hexadecimal), Is.EqualTo(other.Parameters.Select(Bits.Hexadecimal)));

    /// <summary>Has a checkpoint refused, which leaves all as it was.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">What it holds.</param>
    /// <param name="what">What messages call it.</param>
    /// <returns>The error's message.</returns>
    public string AssertRefused(string path, byte[] bytes, string what)
    {
        var before = Snapshot();
        File.WriteAllBytes(path, bytes);
        var failure = Assert.Throws<InvalidDataException>(() => Checkpoint.Load(path, Optimizer, Schedule), what);
        Assert.That(Snapshot(), Is.EqualTo(before), what);
        return failure!.Message;
    }

    /// <summary>All there is: parameters, state, rates, schedule.</summary>
    public IReadOnlyList<object?> Snapshot() =>
    [
        .. Parameters.Select(Bits.Hexadecimal),
        .. StateSnapshot.Of(Optimizer.StateDictionary()),
        Optimizer.GradientScaler?.State(),
        Optimizer.WeightAverage?.UpdateCount,
        .. (Optimizer.WeightAverage?.Averages ?? []).Select(Bits.Hexadecimal),
        Schedule.State().StepCount,
    ];

    public void Dispose()
    {
        Optimizer.GradientScaler?.Dispose();
        Optimizer.WeightAverage?.Dispose();
        Optimizer.Dispose();
        _device.Dispose();
    }

    private static void Fill<T>(Parameter<T> parameter, int step) where T : unmanaged
    {
        if (parameter.HasGradient)
            parameter.Gradient.CopyFrom([.. Enumerable.Range(0, (int)parameter.Length).Select(i => Bits.FromFloat<T>(MathF.Sin(i + 3 * step + 1)))]);
    }

    private Parameter<T> Create<T>(string name, long[] shape) where T : unmanaged
    {
        var length = (int)shape.Aggregate(1L, (product, extent) => product * extent);
        return _device.CreateParameter<T>(name, shape, [.. Enumerable.Range(0, length).Select(i => Bits.FromFloat<T>(MathF.Cos(i)))]);
    }
}
