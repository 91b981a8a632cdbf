using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Tests.Optimizers.Torch;

/// <summary>What PyTorch saved of schedules goes on here to its rates; the recordings' README says how they were made.</summary>
public sealed class TorchScheduleTests
{
    private static readonly string _folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "Schedules");

    private TorchSchedules.Recording _recording = null!;
    private TorchFile _file = null!;
    private string _path = null!;

    private static IEnumerable<string> Names => TorchSchedules.Factories.Keys;

    [OneTimeSetUp]
    public void Open()
    {
        _recording = TorchSchedules.Read(Path.Combine(_folder, "rates.json"));
        _file = TorchFile.Open(Path.Combine(_folder, "states.pt"));
        _path = Path.GetTempFileName();
    }

    [OneTimeTearDown]
    public void Close()
    {
        _file.Dispose();
        File.Delete(_path);
    }

    [Test]
    public void GoesOnToPyTorchsRates([ValueSource(nameof(Names))] string name, [ValueSource(typeof(TorchSchedules), nameof(TorchSchedules.Stops))] int stop)
    {
        using var run = new TorchSchedules(name);
        run.Schedule.Load(TorchSchedule.Read(Saved($"{name}@{stop}"), run.Schedule, _file.Number));
        run.AssertGoesOn(_recording, $"{name}@{stop}", stop);
    }

    /// <summary>What is written is what PyTorch has, but for what the docs of writing say, and comes back.</summary>
    [Test]
    public void WritesWhatPyTorchWrites([ValueSource(nameof(Names))] string name, [ValueSource(typeof(TorchSchedules), nameof(TorchSchedules.Stops))] int stop)
    {
        using TorchSchedules run = new(name), back = new(name);
        for (var step = 0; step < stop; step++)
            run.Step(step, _recording.Measures);
        TorchCheckpoint.SaveSchedule(_path, run.Schedule);
        using (var file = TorchFile.Open(_path))
            Assert.That(Plain((PickleDictionary)file.Root!), Is.EqualTo(Plain(Saved($"{name}@{stop}"))));
        TorchCheckpoint.LoadSchedule(_path, back.Schedule);
        back.AssertGoesOn(_recording, $"{name}@{stop}", stop);
    }

    /// <summary>A state says it all, except of functions, and of a cycle whose constants are in the optimizer's groups.</summary>
    [Test]
    public void ConstantsComeFromPyTorch([ValueSource(nameof(Names))] string name)
    {
        using TorchSchedules run = new(name), expected = new(name);
        run.Schedule = Different(name, run.Optimizer);
        var groups = ((List<object?>)((PickleDictionary)_file.Root!)[$"{name}@21.groups"]!).ConvertAll(group => (PickleDictionary)group!);
        var state = TorchSchedule.Read(Saved($"{name}@21"), run.Schedule, _file.Number, groups);
        if (run.Schedule is not (LambdaLR or MultiplicativeLR or InverseSquareRootLR))
            Assert.That(() => run.Schedule.Load(state), Throws.ArgumentException.With.Message.Contains("Constant '"));
        run.Schedule.Load(state, ScheduleConstants.FromState);
        // Momenta that do not cycle are none of PyTorch's.
        if (!name.EndsWith(".still", StringComparison.Ordinal))
            Assert.That(run.Schedule.State().Constants!.Values, Is.EqualTo(expected.Schedule.State().Constants!.Values));
        run.AssertGoesOn(_recording, $"{name}@21", 21);
    }

    [Test]
    public void WithoutGroupsAHighestRateIsWhatTheInitialOneSays()
    {
        using var run = new TorchSchedules("StepLR");
        run.Schedule = new OneCycleLR(run.Optimizer, 1, 70);
        var state = TorchSchedule.Read(Saved("OneCycleLR@21"), run.Schedule, _file.Number);
        Assert.That(() => run.Schedule.Load(state), Throws.ArgumentException.With.Message.Contains("Constant 'max_lr' of OneCycleLR must be 1 in the state, too, unless ScheduleConstants says which one holds. Actual value was 0.5."));
        run.Schedule.Load(state, ScheduleConstants.FromState);
        run.AssertGoesOn(_recording, "OneCycleLR@21", 21);
    }

    /// <summary>Releases of old did not keep the last rates, nor flags of their own workings.</summary>
    [Test]
    public void KeysOfNewerReleasesMayBeMissing([ValueSource(nameof(Names))] string name)
    {
        using var run = new TorchSchedules(name);
        var saved = Saved($"{name}@0");
        foreach (var key in (string[])["_last_lr", "_is_initial", "_get_lr_called_within_step", "_step_count", "_scale_fn_custom", "use_beta1", "_anneal_func_type", "scale_mode", "default_min_lr"])
            saved.Remove(key);
        saved["verbose"] = false;
        run.Schedule.Load(TorchSchedule.Read(saved, run.Schedule, _file.Number));
        run.AssertGoesOn(_recording, $"{name}@0", 0);
    }

    [Test]
    public void AForeignFileIsRefusedAndChangesNothing()
    {
        using var run = new TorchSchedules("StepLR");
        TorchCheckpoint.SaveSchedule(_path, new StepLR(run.Optimizer, 9, 0.25));
        var rates = run.Rates;
        Refuses(run.Schedule, "Constant 'step_size' of StepLR must be 7 in the state, too, unless ScheduleConstants says which one holds. Actual value was 9");
        Refuses(new ExponentialLR(run.Optimizer, 0.25), "The state must be that of a ExponentialLR. It has 'step_size', which is another's");
        Refuses(new SequentialLR(run.Optimizer, [new StepLR(run.Optimizer, 1)], []), "It has 'step_size', which is another's");
        Assert.That(run.Rates, Is.EqualTo(rates));
        TorchCheckpoint.LoadSchedule(_path, run.Schedule, ScheduleConstants.FromState);
        Assert.That(run.Schedule.State().Constants!.Integer("step_size"), Is.EqualTo(9));

        Refuses("StepLR", saved => saved.Remove("gamma"), "'gamma' of StepLR is missing");
        Refuses("StepLR", saved => saved["gamma"] = "much", "'gamma' of StepLR must be a number. Actual value was much");
        Refuses("StepLR", saved => saved["step_size"] = 0.5, "Constant 'step_size' of StepLR must be 7 in the state, too, unless ScheduleConstants says which one holds. Actual value was 0.5.");
        Refuses("StepLR", saved => saved["last_epoch"] = 0.5, "'last_epoch' of StepLR must be a whole number, within the range of Int32. Actual value was 0.5");
        Refuses("StepLR", saved => saved["base_lrs"] = 1L, "'base_lrs' of StepLR must be a list of numbers. Actual value was 1");
        Refuses("MultiStepLR", saved => saved["milestones"] = new PickleDictionary { [1L] = 1L << 40 }, "a Counter of at most 1000000");
        Refuses("CosineAnnealingWarmRestarts", saved => saved["T_cur"] = 1.5, "'T_cur' and 'T_i' of CosineAnnealingWarmRestarts must be 3 and 10, as after 3 whole steps. Actual values were 1.5 and 10");
        Refuses("CyclicLR", saved => saved["max_lrs"] = new List<object?> { 1.0, 2.0 }, "'max_lrs' of CyclicLR must be the same for all groups. Actual values were [1, 2]");
        Refuses("CyclicLR", saved => saved["_scale_fn_custom"] = new PickleDictionary(), "must be None");
        Refuses("CyclicLR", saved => saved["step_ratio"] = 0.55, "'step_ratio' a share of whole steps");
        Refuses("SequentialLR", saved => ((PickleDictionary)((List<object?>)saved["_schedulers"]!)[1]!).Remove("T_max"), "Part 1 of SequentialLR: 'T_max' of CosineAnnealingLR is missing");
        Refuses("SequentialLR", saved => ((PickleDictionary)((List<object?>)saved["_schedulers"]!)[1]!)["T_max"] = 51L, "Constant 'T_max' of CosineAnnealingLR, part 1 of SequentialLR, must be 50 in the state");
        Refuses("SequentialLR", saved => ((PickleDictionary)((List<object?>)saved["_schedulers"]!)[1]!)["base_lrs"] = new List<object?> { 1.0, 2.0 }, "'base_lrs' of all parts of SequentialLR must be the same, [0.1, 0.02]. Actual values of CosineAnnealingLR were [1, 2]");
        Refuses("SequentialLR", saved => ((List<object?>)saved["_schedulers"]!).RemoveAt(0), "'_schedulers' of SequentialLR must be a list of 3. Actual number was 2");
        Refuses("ReduceLROnPlateau", saved => saved["num_bad_epochs"] = -1L, "Values of state must be two counts");
    }

    /// <summary>The same, in a form that is compared by what it holds.</summary>
    internal static string Plain(object? value) => value switch
    {
        PickleDictionary dictionary => $"{{{string.Join(", ", dictionary.Where(pair => pair.Key is not ("use_beta1" or "warmup_steps")).Select(pair => $"{pair.Key}: {Entry(pair.Key, pair.Value)}").Order(StringComparer.Ordinal))}}}",
        List<object?> list => $"[{string.Join(", ", list.Select(Plain))}]",
        null => "None",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    /// <summary>
    /// Rates of parts are those of the moment here, and calls are not counted by all of PyTorch's; neither matters. Functions that are objects save
    /// what is in them.
    /// </summary>
    private static string Entry(object key, object? value) => key switch
    {
        "_schedulers" => Plain(((List<object?>)value!).ConvertAll<object?>(part => new PickleDictionary(((PickleDictionary)part!).Where(pair => pair.Key is not ("_last_lr" or "_step_count" or "_is_initial"))))),
        "_step_count" or "lr_lambdas" => "",
        "default_min_lr" => "",
        _ => Plain(value),
    };

    private static ISchedule Different(string name, Optimizer o) => name.Split('.') switch
    {
        ["StepLR"] => new StepLR(o, 1),
        ["MultiStepLR"] => new MultiStepLR(o, [1]),
        ["ConstantLR"] => new ConstantLR(o),
        ["LinearLR"] => new LinearLR(o),
        ["ExponentialLR"] => new ExponentialLR(o, 0.5),
        ["PolynomialLR"] => new PolynomialLR(o),
        ["CosineAnnealingLR"] => new CosineAnnealingLR(o, 3),
        ["CosineAnnealingWarmRestarts"] => new CosineAnnealingWarmRestarts(o, 3),
        ["OneCycleLR", ..] => new OneCycleLR(o, 2, 30, 0.4, cyclesMomentum: !name.EndsWith(".still", StringComparison.Ordinal), minMomentum: 0.1, maxMomentum: 0.2, startDivisor: 3, endDivisor: 5),
        ["CyclicLR", ..] => new CyclicLR(o, 0.3, 0.4, 3, cyclesMomentum: !name.EndsWith(".still", StringComparison.Ordinal), minMomentum: 0.1, maxMomentum: 0.2),
        ["SequentialLR"] => new SequentialLR(o, [new LinearLR(o), new CosineAnnealingLR(o, 5), new ExponentialLR(o, 0.1)], [1, 2]),
        ["SequentialLR", "restarts"] => new SequentialLR(o, [new ConstantLR(o), new CosineAnnealingWarmRestarts(o, 1), new MultiStepLR(o, [])], [1, 2]),
        ["SequentialLR", "cyclic"] => new SequentialLR(o, [new LinearLR(o), new CyclicLR(o, 0.3, 0.4)], [1]),
        ["SequentialLR", "chained"] => new SequentialLR(o, [new ChainedScheduler(new ConstantLR(o), new StepLR(o, 1)), new StepLR(o, 1)], [1]),
        ["ChainedScheduler"] => new ChainedScheduler(new ConstantLR(o), new ExponentialLR(o, 0.1)),
        ["ReduceLROnPlateau", ..] => new ReduceLROnPlateau(o, cooldown: 7, minRate: 0.1, epsilon: 1),
        _ => TorchSchedules.Factories[name](o),
    };

    private void Refuses(ISchedule schedule, string message) =>
        Assert.That(() => TorchCheckpoint.LoadSchedule(_path, schedule), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));

    private void Refuses(string name, Action<PickleDictionary> damage, string message)
    {
        using var run = new TorchSchedules(name);
        var saved = Saved($"{name}@3");
        damage(saved);
        var before = run.Schedule.State();
        var failure = Assert.Catch(() => run.Schedule.Load(TorchSchedule.Read(saved, run.Schedule, _file.Number)))!;
        Assert.That(failure, Is.InstanceOf<InvalidDataException>().Or.InstanceOf<ArgumentException>());
        Assert.That(failure.Message, Does.Contain(message));
        Assert.That((run.Schedule.State().StepCount, run.Rates), Is.EqualTo((before.StepCount, before.Rates)));
    }

    /// <summary>A copy of a recorded state.</summary>
    private PickleDictionary Saved(string run) => (PickleDictionary)Copy(((PickleDictionary)_file.Root!)[run])!;

    private static object? Copy(object? value) => value switch
    {
        PickleDictionary dictionary => new PickleDictionary(dictionary.Select(pair => KeyValuePair.Create(pair.Key, Copy(pair.Value)))),
        List<object?> list => list.ConvertAll(Copy),
        _ => value,
    };
}
