using GpuOptim.Host;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Schedules;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Optimizers;

/// <summary>A schedule's constants travel with its state; one with others is refused, unless it is said which ones hold.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ScheduleConstantsTests
{
    private static readonly double[] _measures = [1, 0.5, 0.9995, 0.49995, 0.6, 0.4999, 0.7, 0.4, 0.9, 0.4001, 0.39999, 0.8, 0.7, 0.6, 0.6, 0.6];

    /// <summary>For each kind a schedule, and for each of its constants one that differs in it, and in nothing else.</summary>
    private static readonly Dictionary<string, Kind> _kinds = new()
    {
        ["StepLR"] = new(o => new StepLR(o, 3, 0.5), new() { ["step_size"] = o => new StepLR(o, 2, 0.5), ["gamma"] = o => new StepLR(o, 3, 0.25) }),
        ["MultiStepLR"] = new(o => new MultiStepLR(o, [8, 3, 3], 0.5), new() { ["milestones"] = o => new MultiStepLR(o, [8, 3], 0.5), ["gamma"] = o => new MultiStepLR(o, [3, 3, 8], 0.25) }),
        ["ConstantLR"] = new(o => new ConstantLR(o, 0.5, 7), new() { ["factor"] = o => new ConstantLR(o, 0.25, 7), ["total_iters"] = o => new ConstantLR(o, 0.5, 8) }),
        ["LinearLR"] = new(
            o => new LinearLR(o, 0.5, 0.75, 9),
            new() { ["start_factor"] = o => new LinearLR(o, 0.25, 0.75, 9), ["end_factor"] = o => new LinearLR(o, 0.5, 1, 9), ["total_iters"] = o => new LinearLR(o, 0.5, 0.75, 8) }),
        ["ExponentialLR"] = new(o => new ExponentialLR(o, 0.9), new() { ["gamma"] = o => new ExponentialLR(o, 0.8) }),
        ["PolynomialLR"] = new(o => new PolynomialLR(o, 15, 2), new() { ["total_iters"] = o => new PolynomialLR(o, 14, 2), ["power"] = o => new PolynomialLR(o, 15, 1) }),
        ["CosineAnnealingLR"] = new(
            o => new CosineAnnealingLR(o, 15, 0.001), new() { ["T_max"] = o => new CosineAnnealingLR(o, 14, 0.001), ["eta_min"] = o => new CosineAnnealingLR(o, 15, 0.002) }),
        ["CosineAnnealingWarmRestarts"] = new(o => new CosineAnnealingWarmRestarts(o, 3, 2, 0.001), new()
        {
            ["T_0"] = o => new CosineAnnealingWarmRestarts(o, 2, 2, 0.001),
            ["T_mult"] = o => new CosineAnnealingWarmRestarts(o, 3, 3, 0.001),
            ["eta_min"] = o => new CosineAnnealingWarmRestarts(o, 3, 2, 0.002),
        }),
        ["OneCycleLR"] = new(o => new OneCycleLR(o, 0.5, 20), new()
        {
            ["max_lr"] = o => new OneCycleLR(o, 0.25, 20),
            ["total_steps"] = o => new OneCycleLR(o, 0.5, 21),
            ["pct_start"] = o => new OneCycleLR(o, 0.5, 20, 0.4),
            ["anneal_strategy"] = o => new OneCycleLR(o, 0.5, 20, isLinear: true),
            ["cycle_momentum"] = o => new OneCycleLR(o, 0.5, 20, cyclesMomentum: false),
            ["base_momentum"] = o => new OneCycleLR(o, 0.5, 20, minMomentum: 0.7),
            ["max_momentum"] = o => new OneCycleLR(o, 0.5, 20, maxMomentum: 0.9),
            ["div_factor"] = o => new OneCycleLR(o, 0.5, 20, startDivisor: 20),
            ["final_div_factor"] = o => new OneCycleLR(o, 0.5, 20, endDivisor: 100),
            ["three_phase"] = o => new OneCycleLR(o, 0.5, 20, isThreePhase: true),
        }),
        ["CyclicLR"] = new(o => new CyclicLR(o, 0.01, 0.3, 4, 3, gamma: 0.9), new()
        {
            ["base_lr"] = o => new CyclicLR(o, 0.02, 0.3, 4, 3, gamma: 0.9),
            ["max_lr"] = o => new CyclicLR(o, 0.01, 0.2, 4, 3, gamma: 0.9),
            ["step_size_up"] = o => new CyclicLR(o, 0.01, 0.3, 3, 3, gamma: 0.9),
            ["step_size_down"] = o => new CyclicLR(o, 0.01, 0.3, 4, 4, gamma: 0.9),
            ["mode"] = o => new CyclicLR(o, 0.01, 0.3, 4, 3, CyclicMode.ExponentialRange, gamma: 0.9),
            ["gamma"] = o => new CyclicLR(o, 0.01, 0.3, 4, 3, gamma: 0.8),
            ["cycle_momentum"] = o => new CyclicLR(o, 0.01, 0.3, 4, 3, gamma: 0.9, cyclesMomentum: false),
            ["base_momentum"] = o => new CyclicLR(o, 0.01, 0.3, 4, 3, gamma: 0.9, minMomentum: 0.7),
            ["max_momentum"] = o => new CyclicLR(o, 0.01, 0.3, 4, 3, gamma: 0.9, maxMomentum: 0.95),
        }),
        ["SequentialLR"] = new(o => new SequentialLR(o, [new LinearLR(o, 0.5, 1, 3), new CosineAnnealingLR(o, 12)], [4]), new()
        {
            ["milestones"] = o => new SequentialLR(o, [new LinearLR(o, 0.5, 1, 3), new CosineAnnealingLR(o, 12)], [3]),
            ["start_factor"] = o => new SequentialLR(o, [new LinearLR(o, 0.25, 1, 3), new CosineAnnealingLR(o, 12)], [4]),
            ["end_factor"] = o => new SequentialLR(o, [new LinearLR(o, 0.5, 0.75, 3), new CosineAnnealingLR(o, 12)], [4]),
            ["total_iters"] = o => new SequentialLR(o, [new LinearLR(o, 0.5, 1, 2), new CosineAnnealingLR(o, 12)], [4]),
            ["T_max"] = o => new SequentialLR(o, [new LinearLR(o, 0.5, 1, 3), new CosineAnnealingLR(o, 13)], [4]),
            ["eta_min"] = o => new SequentialLR(o, [new LinearLR(o, 0.5, 1, 3), new CosineAnnealingLR(o, 12, 0.01)], [4]),
        }),
        ["ChainedScheduler"] = new(o => new ChainedScheduler(new ExponentialLR(o, 0.9), new ConstantLR(o, 0.5, 7)), new()
        {
            ["gamma"] = o => new ChainedScheduler(new ExponentialLR(o, 0.8), new ConstantLR(o, 0.5, 7)),
            ["factor"] = o => new ChainedScheduler(new ExponentialLR(o, 0.9), new ConstantLR(o, 0.25, 7)),
            ["total_iters"] = o => new ChainedScheduler(new ExponentialLR(o, 0.9), new ConstantLR(o, 0.5, 8)),
        }),
        ["ReduceLROnPlateau"] = new(o => new ReduceLROnPlateau(o, 0.5, 1), new()
        {
            ["factor"] = o => new ReduceLROnPlateau(o, 0.25, 1),
            ["patience"] = o => new ReduceLROnPlateau(o, 0.5, 2),
            ["threshold"] = o => new ReduceLROnPlateau(o, 0.5, 1, threshold: 0.01),
            ["threshold_mode"] = o => new ReduceLROnPlateau(o, 0.5, 1, isThresholdAbsolute: true),
            ["mode"] = o => new ReduceLROnPlateau(o, 0.5, 1, isMaximized: true),
            ["cooldown"] = o => new ReduceLROnPlateau(o, 0.5, 1, cooldown: 1),
            ["min_lr"] = o => new ReduceLROnPlateau(o, 0.5, 1, minRate: 0.01),
            ["eps"] = o => new ReduceLROnPlateau(o, 0.5, 1, epsilon: 0.001),
        }),
        ["WarmupStableDecayLR"] = new(o => new WarmupStableDecayLR(o, 3, 4, 9, 0.25), new()
        {
            ["warmup_steps"] = o => new WarmupStableDecayLR(o, 4, 4, 9, 0.25),
            ["stable_steps"] = o => new WarmupStableDecayLR(o, 3, 3, 9, 0.25),
            ["decay_steps"] = o => new WarmupStableDecayLR(o, 3, 4, 8, 0.25),
            ["end_factor"] = o => new WarmupStableDecayLR(o, 3, 4, 9, 0.5),
        }),
        ["InverseSquareRootLR"] = new(o => new InverseSquareRootLR(o, 4), new() { ["warmup_steps"] = o => new InverseSquareRootLR(o, 3) }),
    };

    private SimdDevice _device = null!;

    private static IEnumerable<string> Kinds => _kinds.Keys;

    private static IEnumerable<object[]> Changes => _kinds.SelectMany(kind => kind.Value.Others.Keys.Select(constant => (object[])[kind.Key, constant]));

    [SetUp]
    public void Open() => _device = new SimdDevice(threads: 1);

    [TearDown]
    public void Close() => _device.Dispose();

    /// <summary>All of this library's, but those whose functions are no constants; and of each every constant.</summary>
    [Test]
    public void EveryConstantIsTested()
    {
        var kinds = typeof(ISchedule).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(ISchedule)) && !type.IsAbstract).Select(type => type.Name);
        Assert.That(kinds.Except([nameof(LambdaLR), nameof(MultiplicativeLR)]), Is.EquivalentTo(Kinds));
        foreach (var kind in _kinds.Values)
            Assert.That(kind.Others.Keys, Is.EquivalentTo(Names(kind.Make(Sgd()).State())));
    }

    [Test]
    public void AnotherConstantIsRefusedAndChangesNothing([ValueSource(nameof(Changes))] object[] change, [Values(0, 5)] int stop)
    {
        var (kind, constant) = ((string)change[0], (string)change[1]);
        Sgd optimizer = Sgd(), others = Sgd();
        ISchedule schedule = _kinds[kind].Make(optimizer), other = _kinds[kind].Others[constant](others);
        Run(other, 0, stop);
        Run(schedule, 0, 2);
        var before = (Snapshot(optimizer), ScheduleStates.Describe(schedule.State()));
        var state = other.State();
        var (own, saved) = Values(schedule.State(), state, constant);
        Assert.That(() => schedule.Load(state), Throws.ArgumentException.With.Message.Contains($"Constant '{constant}' of ").And.Message.Contains($"must be {own} in the state, too").And.Message.Contains($"Actual value was {saved}."));
        Assert.That((Snapshot(optimizer), ScheduleStates.Describe(schedule.State())), Is.EqualTo(before));
    }

    [Test]
    public void TheStatesConstantsGoOnAsTheOther([ValueSource(nameof(Changes))] object[] change, [Values(0, 5)] int stop)
    {
        var (kind, constant) = ((string)change[0], (string)change[1]);
        Sgd optimizer = Sgd(), others = Sgd();
        ISchedule schedule = _kinds[kind].Make(optimizer), other = _kinds[kind].Others[constant](others);
        Run(other, 0, stop);
        Run(schedule, 0, 2);
        optimizer.Groups[0].Options = optimizer.Groups[0].Options with { Momentum = others.Groups[0].Options.Momentum };
        schedule.Load(other.State(), ScheduleConstants.FromState);
        AssertGoOnAlike(schedule, other, stop);
    }

    /// <summary>Own constants are what a state of old, which has none, goes on with.</summary>
    [Test]
    public void OwnConstantsGoOnFromTheStatesPosition([ValueSource(nameof(Changes))] object[] change, [Values(0, 5)] int stop)
    {
        var (kind, constant) = ((string)change[0], (string)change[1]);
        ISchedule schedule = _kinds[kind].Make(Sgd()), like = _kinds[kind].Make(Sgd()), other = _kinds[kind].Others[constant](Sgd());
        Run(other, 0, stop);
        var constants = ScheduleStates.Describe(schedule.State() with { StepCount = 0 }).Split('{')[1];
        schedule.Load(other.State(), ScheduleConstants.Own);
        like.Load(OfOld(other.State()));
        Assert.That((schedule.State().StepCount, schedule.State().Rates), Is.EqualTo((other.State().StepCount, other.State().Rates)));
        Assert.That(ScheduleStates.Describe(schedule.State() with { Parts = [] }).Split('{')[1], Does.StartWith(constants.Split('}')[0]));
        AssertGoOnAlike(schedule, like, stop);
    }

    [Test]
    public void ConstantsTravelThroughCheckpoints([ValueSource(nameof(Changes))] object[] change)
    {
        var (kind, constant) = ((string)change[0], (string)change[1]);
        var path = Path.GetTempFileName();
        try
        {
            Sgd optimizer = Sgd(), others = Sgd();
            ISchedule schedule = _kinds[kind].Make(optimizer), other = _kinds[kind].Others[constant](others);
            Run(other, 0, 5);
            Checkpoint.Save(path, others, other);
            var before = (Snapshot(optimizer), ScheduleStates.Describe(schedule.State()));
            var (own, saved) = Values(schedule.State(), other.State(), constant);
            Assert.That(() => Checkpoint.Load(path, optimizer, schedule), Throws.TypeOf<InvalidDataException>().With.Message.Contains($"Constant '{constant}' of ").And.Message.Contains($"must be {own} in").And.Message.Contains($"Actual value was {saved}"));
            Assert.That((Snapshot(optimizer), ScheduleStates.Describe(schedule.State())), Is.EqualTo(before));
            var same = _kinds[kind].Others[constant](optimizer);
            Checkpoint.Load(path, optimizer, same);
            AssertGoOnAlike(same, other, 5);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Metadata of old has no constants.</summary>
    [Test]
    public void ACheckpointOfOldIsNotCompared()
    {
        var state = OfOld(_kinds["SequentialLR"].Make(Sgd()).State());
        var metadata = new CheckpointMetadata([], new Dictionary<string, long?>(), [state, _kinds["OneCycleLR"].Make(Sgd()).State()], null, null, null, new Dictionary<string, string>());
        var texts = metadata.ToTexts().ToDictionary(pair => pair.Name, pair => pair.Text);
        var schedules = CheckpointMetadata.Parse(texts).Schedules;
        Assert.That(schedules.Select(ScheduleStates.Describe), Is.EqualTo(metadata.Schedules.Select(ScheduleStates.Describe)));
        Assert.That((schedules[0].Constants, schedules[0].Parts[0].Constants), Is.EqualTo(((HyperParameters?)null, (HyperParameters?)null)));
        Assert.That(() => _kinds["SequentialLR"].Others["T_max"](Sgd()).Load(schedules[0]), Throws.Nothing);
        texts["gpuoptim.schedules"] = texts["gpuoptim.schedules"].Replace("\"max_lr\":0.5", "\"max_lr\":null", StringComparison.Ordinal);
        Assert.That(() => CheckpointMetadata.Parse(texts), Throws.TypeOf<InvalidDataException>().With.Message.Contains("Metadata 'gpuoptim.schedules' is not as it should be."));
    }

    /// <summary>Also where constants are taken over, all is checked before anything changes.</summary>
    [Test]
    public void ConstantsThatCannotBeAreRefused()
    {
        var optimizer = Sgd();
        Refuses(new StepLR(optimizer, 3), "step_size", 0.0, "step_size must be finite and at least 1.");
        Refuses(new StepLR(optimizer, 3), "step_size", 0.5, "Constant 'step_size' of state must be whole, within the range of Int32. Actual value was 0.5.");
        Refuses(new StepLR(optimizer, 3), "gamma", double.NaN, "gamma must be finite and at least 0.");
        Refuses(new StepLR(optimizer, 3), "gamma", "much", "Constant 'gamma' of state must be a number. Actual value was 'much'.");
        Refuses(new StepLR(optimizer, 3), "T_max", 3.0, "Constants of state must be those of StepLR: step_size, gamma. Actual name was 'T_max'.");
        Refuses(new MultiStepLR(optimizer, [3]), "milestones", new double[] { 3, -1 }, "milestone must be finite and at least 0.");
        Refuses(new OneCycleLR(optimizer, 1, 10), "anneal_strategy", "steps", "Constant 'anneal_strategy' of state must be one of 'cos', 'linear'. Actual value was 'steps'.");
        Refuses(new OneCycleLR(optimizer, 1, 10), "cycle_momentum", 1.0, "Constant 'cycle_momentum' of state must be true or false. Actual value was 1.");
        Refuses(new OneCycleLR(optimizer, 1, 10), "total_steps", 3.0, "StepCount of state must be at most 3, the steps of the cycle. Actual value was 4.");
        Refuses(new SequentialLR(optimizer, [new StepLR(optimizer, 1), new StepLR(optimizer, 1)], [3]), "milestones", new double[] { 3, 4 }, "milestones must be one fewer than schedules, 1. Actual number was 2.");
        var step = new StepLR(optimizer, 3);
        Assert.That(() => step.Load(step.State(), (ScheduleConstants)3), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("constants must be one of Same, Own, FromState."));

        // A momentum that would have to cycle, where there is none.
        var signum = new Extensions.Signum([_device.CreateParameter("p", [1])]);
        var still = new OneCycleLR(signum, 0.5, 20, cyclesMomentum: false);
        Assert.That(() => still.Load(_kinds["OneCycleLR"].Make(Sgd()).State(), ScheduleConstants.FromState), Throws.ArgumentException.With.Message.Contains("Set cyclesMomentum to false."));
        Assert.That(() => new CyclicLR(optimizer, 0.1, 0.2, mode: (CyclicMode)3), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("mode must be one of Triangular, Triangular2, ExponentialRange."));
    }

    /// <summary>Functions are no constants: a state of another is taken, and goes on with the own one.</summary>
    [Test]
    public void FunctionsDoNotTravel()
    {
        Sgd optimizer = Sgd(), others = Sgd();
        LambdaLR lambda = new(optimizer, step => Math.Pow(0.5, step)), other = new(others, step => 1.0 / (step + 1));
        other.Step();
        lambda.Load(other.State(), ScheduleConstants.FromState);
        lambda.Step();
        Assert.That(optimizer.Groups[0].LearningRate, Is.EqualTo(0.025));
    }

    [Test]
    public void ConstantsOfOnesOwnAreCompared()
    {
        Sgd optimizer = Sgd();
        HalfLife schedule = new(optimizer, 4), same = new(Sgd(), 4), other = new(Sgd(), 5);
        Assert.That(schedule.State().Constants!.Integer("steps"), Is.EqualTo(4));
        Assert.That(() => schedule.Load(other.State()), Throws.ArgumentException.With.Message.Contains("Constant 'steps' of HalfLife must be 4 in the state, too, unless ScheduleConstants says which one holds. Actual value was 5."));
        Assert.That(() => schedule.Load(other.State(), ScheduleConstants.FromState), Throws.ArgumentException.With.Message.Contains("Constant 'steps' of a schedule of one's own cannot be taken from a state: make the schedule with 5. Actual value was 4."));
        same.Step();
        schedule.Load(same.State());
        schedule.Load(same.State(), ScheduleConstants.FromState);
        other.Step();
        schedule.Load(other.State(), ScheduleConstants.Own);
        Assert.That((schedule.StepCount, optimizer.Groups[0].LearningRate), Is.EqualTo((1, 0.1 * Math.Pow(0.5, 1 / 5.0))));
    }

    /// <summary>A cyclic schedule that comes second leaves the rates to which the first goes back.</summary>
    [Test]
    public void ACyclicScheduleLeavesInitialRates()
    {
        var optimizer = Sgd();
        _ = new SequentialLR(optimizer, [new LinearLR(optimizer, 0.5), new CyclicLR(optimizer, 0.01, 0.3)], [5]);
        Assert.That(optimizer.Groups[0].LearningRate, Is.EqualTo(0.05));
    }

    private static void Refuses(LearningRateSchedule schedule, string constant, object value, string message)
    {
        for (var i = 0; i < 4; i++)
            schedule.Step();
        var state = schedule.State();
        var constants = new HyperParameters();
        foreach (var (name, own) in state.Constants!.Values.Where(pair => pair.Key != constant).Append(KeyValuePair.Create(constant, value)))
            constants.AddAny(name, own);
        Assert.That(() => schedule.Load(state with { StepCount = 4, Constants = constants }, ScheduleConstants.FromState), Throws.InstanceOf<ArgumentException>().With.Message.Contains(message));
        Assert.That(ScheduleStates.Describe(schedule.State()), Is.EqualTo(ScheduleStates.Describe(state)));
    }

    private static void AssertGoOnAlike(ISchedule schedule, ISchedule other, int from)
    {
        for (var step = from; step < 16; step++)
        {
            Assert.That(ScheduleStates.Describe(schedule.State()), Is.EqualTo(ScheduleStates.Describe(other.State())), $"step {step}");
            Assert.That(Snapshot(schedule.Optimizer), Is.EqualTo(Snapshot(other.Optimizer)), $"step {step}");
            Run(schedule, step, step + 1);
            Run(other, step, step + 1);
        }
    }

    private static void Run(ISchedule schedule, int first, int end)
    {
        for (var step = first; step < end; step++)
        {
            if (schedule is ReduceLROnPlateau plateau)
                plateau.Step(_measures[step]);
            else
                ((LearningRateSchedule)schedule).Step();
        }
    }

    private static IEnumerable<(double Rate, double Momentum)> Snapshot(Optimizer optimizer) =>
        [.. optimizer.Groups.Select(group => (group.LearningRate, ((SgdOptions)group.AnyOptions).Momentum))];

    private static IEnumerable<string> Names(ScheduleState state) => [.. state.Constants!.Values.Keys, .. state.Parts.SelectMany(Names)];

    /// <summary>Both values of a constant, as messages have them.</summary>
    private static (string Own, string Saved) Values(ScheduleState own, ScheduleState saved, string constant)
    {
        if (own.Constants!.Values.TryGetValue(constant, out var value))
            return (Text(value), Text(saved.Constants!.Values[constant]));
        var part = own.Parts.Select((part, i) => (part, i)).First(pair => pair.part.Constants!.Values.ContainsKey(constant)).i;
        return Values(own.Parts[part], saved.Parts[part], constant);
    }

    private static string Text(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        string text => $"'{text}'",
        double[] numbers => $"[{string.Join(", ", numbers)}]",
        _ => FormattableString.Invariant($"{value}"),
    };

    private static ScheduleState OfOld(ScheduleState state) => state with { Constants = null, Parts = [.. state.Parts.Select(OfOld)] };

    private Sgd Sgd() => new([_device.CreateParameter("p", [1])], new() { LearningRate = 0.1, Momentum = 0.9 });

    private sealed record Kind(Func<Optimizer, ISchedule> Make, Dictionary<string, Func<Optimizer, ISchedule>> Others);

    private sealed class HalfLife(Optimizer optimizer, int steps) : LearningRateFormula(optimizer)
    {
        private readonly int _steps = steps;

        protected override double Rate(int step, double initial, double previous) => initial * Math.Pow(0.5, (double)step / _steps);

        protected override void SaveConstants(HyperParameters constants) => constants.Add("steps", _steps);
    }
}
