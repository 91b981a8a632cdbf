using System.Text.Json;
using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Schedules;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

public sealed class ScheduleTests
{
    private const double InitialRate = 0.1;

    private static readonly Dictionary<string, Func<Optimizer, LearningRateSchedule>> _schedules = new()
    {
        ["StepLR(step_size=7,gamma=0.5)"] = optimizer => new StepLR(optimizer, 7, 0.5),
        ["MultiStepLR(milestones=[5,20,21],gamma=0.3)"] = optimizer => new MultiStepLR(optimizer, [5, 20, 21], 0.3),
        ["ConstantLR(factor=0.25,total_iters=9)"] = optimizer => new ConstantLR(optimizer, 0.25, 9),
        ["LinearLR(start_factor=0.1,end_factor=0.9,total_iters=12)"] = optimizer => new LinearLR(optimizer, 0.1, 0.9, 12),
        ["ExponentialLR(gamma=0.93)"] = optimizer => new ExponentialLR(optimizer, 0.93),
        ["PolynomialLR(total_iters=40,power=2.0)"] = optimizer => new PolynomialLR(optimizer, 40, 2),
        ["CosineAnnealingLR(T_max=25,eta_min=0.001)"] = optimizer => new CosineAnnealingLR(optimizer, 25, 0.001),
        ["CosineAnnealingWarmRestarts(T_0=10,T_mult=2,eta_min=0.002)"] = optimizer => new CosineAnnealingWarmRestarts(optimizer, 10, 2, 0.002),
        ["OneCycleLR(max_lr=0.5,total_steps=61,pct_start=0.3,cos)"] = optimizer => new OneCycleLR(optimizer, 0.5, 61),
        ["OneCycleLR(max_lr=0.5,total_steps=61,linear,three_phase)"] = optimizer => new OneCycleLR(optimizer, 0.5, 61, isLinear: true, isThreePhase: true),
        ["CyclicLR(base=0.01,max=0.3,up=8,down=5,triangular2)"] = optimizer => new CyclicLR(optimizer, 0.01, 0.3, 8, 5, CyclicMode.Triangular2),
        ["SequentialLR(LinearLR(0.1,1,10),CosineAnnealingLR(50),milestones=[10])"] = optimizer =>
            new SequentialLR(optimizer, [new LinearLR(optimizer, 0.1, 1, 10), new CosineAnnealingLR(optimizer, 50)], [10]),
        ["ChainedScheduler(ConstantLR(0.1,5),ExponentialLR(0.9))"] = optimizer => new ChainedScheduler(new ConstantLR(optimizer, 0.1, 5), new ExponentialLR(optimizer, 0.9)),
        ["LambdaLR(0.95**t)"] = optimizer => new LambdaLR(optimizer, step => Math.Pow(0.95, step)),
        ["MultiplicativeLR(0.97)"] = optimizer => new MultiplicativeLR(optimizer, _ => 0.97),
    };

    private SimdDevice _device = null!;
    private Parameter<float> _parameter = null!;

    private static IEnumerable<string> Names => _schedules.Keys;

    [SetUp]
    public void Open()
    {
        _device = new SimdDevice(threads: 1);
        _parameter = _device.CreateParameter("p", [1]);
    }

    [TearDown]
    public void Close()
    {
        _parameter.Dispose();
        _device.Dispose();
    }

    [Test]
    public void EveryRecordedScheduleIsTested() => Assert.That(Recordings().Select(recording => recording.Name), Is.EquivalentTo(Names.Append(Plateau().Name)));

    [Test]
    public void RatesAndMomentaArePyTorchsToTheLastBit([ValueSource(nameof(Names))] string name)
    {
        var recording = Recordings().Single(recording => recording.Name == name);
        using var optimizer = Sgd();
        var schedule = _schedules[name](optimizer);
        for (var step = 0; step < recording.Lr.Length; step++)
        {
            Assert.That((optimizer.Groups[0].LearningRate, optimizer.Groups[0].Options.Momentum), Is.EqualTo((recording.Lr[step], recording.Momentum![step])), $"step {step}");
            if (step + 1 < recording.Lr.Length)
                schedule.Step();
        }
    }

    [Test]
    public void PlateausArePyTorchs()
    {
        var recording = Plateau();
        using var optimizer = Sgd();
        var schedule = new ReduceLROnPlateau(optimizer, factor: 0.5, patience: 3, threshold: 1e-3, cooldown: 2, minRate: 0.003);
        for (var step = 0; step < recording.Lr.Length; step++)
        {
            schedule.Step(recording.Metric![step]);
            Assert.That(optimizer.Groups[0].LearningRate, Is.EqualTo(recording.Lr[step]), $"step {step}");
            // And once more from what is remembered.
            var state = schedule.State();
            optimizer.Groups[0].LearningRate = 17;
            schedule = new ReduceLROnPlateau(optimizer, factor: 0.5, patience: 3, threshold: 1e-3, cooldown: 2, minRate: 0.003);
            schedule.Load(state);
        }
    }

    /// <summary>At any step, a schedule made anew goes on from the state of the old one.</summary>
    [Test]
    public void GoesOnFromItsState([ValueSource(nameof(Names))] string name, [Values(0, 1, 9, 10, 30)] int stop)
    {
        using Sgd expected = Sgd(), resumed = Sgd();
        var schedule = _schedules[name](expected);
        for (var step = 0; step < stop; step++)
            schedule.Step();
        var other = _schedules[name](resumed);
        other.Load(schedule.State());
        for (var step = stop; step < 60; step++)
        {
            Assert.That(resumed.Groups[0].LearningRate, Is.EqualTo(expected.Groups[0].LearningRate), $"step {step}");
            Assert.That(resumed.Groups[0].Options.Momentum, Is.EqualTo(expected.Groups[0].Options.Momentum), $"step {step}");
            schedule.Step();
            other.Step();
        }
        Assert.That(ScheduleStates.Describe(other.State()), Is.EqualTo(ScheduleStates.Describe(schedule.State())));
    }

    [Test]
    public void AForeignStateIsRefusedAndChangesNothing()
    {
        using var optimizer = Sgd();
        var schedule = new StepLR(optimizer, 2);
        schedule.Step();
        var state = schedule.State();
        var linear = new LinearLR(optimizer);
        var rate = optimizer.Groups[0].LearningRate;
        Assert.That(() => linear.Load(state), Throws.ArgumentException.With.Message.Contains("state must be that of a LinearLR. Actual kind was StepLR."));
        Assert.That(() => schedule.Load(state with { Rates = [1, 2] }), Throws.ArgumentException.With.Message.Contains("rates for 1 groups. Actual numbers were 1 and 2."));
        Assert.That(() => schedule.Load(state with { Rates = [double.NaN] }), Throws.ArgumentException.With.Message.Contains("Actual value was NaN"));
        Assert.That(() => schedule.Load(state with { Parts = [state] }), Throws.ArgumentException.With.Message.Contains("must have 0 parts. Actual number was 1."));
        Assert.That((optimizer.Groups[0].LearningRate, schedule.StepCount), Is.EqualTo((rate, 1)));
    }

    /// <summary>Groups keep the proportions of their rates, also one that comes later.</summary>
    [Test]
    public void EachGroupHasItsOwnRate()
    {
        using var optimizer = Sgd();
        optimizer.AddGroup([_device.CreateParameter("q", [1])], new SgdOptions { LearningRate = 1 });
        var schedule = new StepLR(optimizer, 1, 0.5);
        schedule.Step();
        optimizer.AddGroup([_device.CreateParameter("r", [1])], new SgdOptions { LearningRate = 8 });
        schedule.Step();
        Assert.That(optimizer.Groups.Select(group => group.LearningRate), Is.EqualTo([InitialRate / 4, 0.25, 4]));
    }

    [Test]
    public void WarmupStableDecay()
    {
        using var optimizer = Sgd();
        var schedule = new WarmupStableDecayLR(optimizer, warmupSteps: 4, stableSteps: 2, decaySteps: 5, endFactor: 0.5);
        double[] expected = [0.25, 0.5, 0.75, 1, 1, 1, 1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.5];
        foreach (var factor in expected)
        {
            Assert.That(optimizer.Groups[0].LearningRate, Is.EqualTo(InitialRate * factor).Within(1e-15));
            schedule.Step();
        }
    }

    [Test]
    public void InverseSquareRoot()
    {
        using var optimizer = Sgd();
        var schedule = new InverseSquareRootLR(optimizer, warmupSteps: 4);
        double[] expected = [0.25, 0.5, 0.75, 1, Math.Sqrt(4 / 5.0), Math.Sqrt(4 / 6.0)];
        foreach (var factor in expected)
        {
            Assert.That(optimizer.Groups[0].LearningRate, Is.EqualTo(InitialRate * factor).Within(1e-15));
            schedule.Step();
        }
    }

    /// <summary>Adam's momentum is its first beta; a ModelOptimizer passes it on to all.</summary>
    [Test]
    public void MomentumIsAdamsFirstBeta()
    {
        var matrix = _device.CreateParameter("m", [2, 2]);
        using var optimizer = new ModelOptimizer([_parameter, matrix], Assignment.Named("m", new MuonOptions()), Assignment.Rest(new AdamWOptions()));
        var schedule = new OneCycleLR(optimizer, 0.1, 10);
        for (var step = 0; step < 3; step++)
            schedule.Step();
        Assert.That(optimizer.Optimizers.OfType<AdamW>().Single().Groups[0].Options.Beta1, Is.InRange(0.85, 0.95).And.Not.EqualTo(0.9));
        Assert.That(optimizer.Optimizers.OfType<Muon>().Single().Groups[0].Options.Momentum, Is.EqualTo(optimizer.Optimizers.OfType<AdamW>().Single().Groups[0].Options.Beta1));
    }

    [Test]
    public void WrongArgumentsAreRefusedBeforeAnythingChanges()
    {
        using var optimizer = Sgd();
        using var signum = new Extensions.Signum([_parameter]);
        Assert.That(() => new StepLR(optimizer, 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("stepSize must be finite and at least 1."));
        Assert.That(() => new ExponentialLR(optimizer, double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("gamma must be finite and at least 0."));
        Assert.That(() => new ConstantLR(optimizer, 1.5), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("factor must be in"));
        Assert.That(() => new LinearLR(optimizer, startFactor: 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("startFactor must be in"));
        Assert.That(() => new LambdaLR(optimizer, null!), Throws.ArgumentNullException);
        Assert.That(() => new StepLR(null!, 1), Throws.ArgumentNullException);
        Assert.That(() => new OneCycleLR(signum, 0.1, 10), Throws.ArgumentException.With.Message.Contains("SignumOptions have none. Set cyclesMomentum to false."));
        Assert.That(() => new OneCycleLR(optimizer, 0.1, 10, maxMomentum: 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("maxMomentum must be in [0, "));
        Assert.That(() => new CyclicLR(optimizer, 0.1, 0.2, stepsDown: 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("stepsDown must be finite and at least 1."));
        Assert.That(() => new ChainedScheduler(), Throws.ArgumentException.With.Message.Contains("at least one"));
        Assert.That((optimizer.Groups[0].LearningRate, signum.Groups[0].LearningRate), Is.EqualTo((InitialRate, new Extensions.SignumOptions().LearningRate)));

        var step = new StepLR(optimizer, 1);
        Assert.That(() => new SequentialLR(signum, [step], []), Throws.ArgumentException.With.Message.Contains("Number 0 is another's."));
        Assert.That(() => new SequentialLR(optimizer, [step], [3]), Throws.ArgumentException.With.Message.Contains("one fewer than schedules, 0. Actual number was 1."));
        Assert.That(() => new SequentialLR(optimizer, [step, step, step], [5, 5]), Throws.ArgumentException.With.Message.Contains("rising. Actual values were 5, 5."));
    }

    private static Recording Plateau() => Recordings().Single(recording => recording.Metric is not null);

    private static Recording[] Recordings()
    {
        using var file = File.OpenRead(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Training", "lr_schedules.json"));
        return JsonSerializer.Deserialize<Golden>(file, JsonSerializerOptions.Web)!.Schedules;
    }

    private Sgd Sgd() => new([_parameter], new() { LearningRate = InitialRate, Momentum = 0.9 });

    private sealed record Golden(Recording[] Schedules);

    private sealed record Recording(string Name, double[] Lr, double[]? Momentum, double[]? Metric);
}
