using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>The <c>state_dict()</c> of the classes in PyTorch's <c>torch.optim.lr_scheduler</c>.</summary>
/// <remarks>
/// It does not say of which class it is: the schedule that is to take it over does. Constants are there under the names that schedules declare them
/// by, except where <see cref="TorchScheduleConstants"/> says otherwise.
/// </remarks>
internal static class TorchSchedule
{
    private const string
        Steps = "last_epoch", Calls = "_step_count", InitialRates = "base_lrs", Rates = "_last_lr", Parts = "_schedulers", Functions = "lr_lambdas", Function = "_scale_fn_custom",
        BadSteps = "num_bad_epochs", CooldownSteps = "cooldown_counter", Best = "best", Worst = "mode_worse", Mode = "mode",
        StepsSince = "T_cur", Period = "T_i";

    /// <summary>Keys that tell of which class a state is: it must have those of its own, and no others.</summary>
    private static readonly HashSet<string> _telling =
    [
        "step_size", "gamma", "milestones", "factor", "total_iters", "start_factor", "end_factor", "power", "T_max", "eta_min", "T_0", "T_mult", "total_steps", "max_lrs", "total_size",
        "patience", "_milestones", Parts, Functions,
    ];

    /// <summary>A schedule's state as PyTorch has it.</summary>
    /// <remarks>What depends on the optimizer there, <c>use_beta1</c>, is left out, so that the scheduler which takes it over keeps its own.</remarks>
    public static PickleDictionary Write(ISchedule schedule) => Write(schedule, schedule.State());

    /// <summary>
    /// What PyTorch's schedulers keep in an optimizer's parameter groups: a <c>OneCycleLR</c> cannot go on without it, and an optimizer that takes over a
    /// state there forgets its own.
    /// </summary>
    /// <returns>The entries, the same for every group.</returns>
    public static PickleDictionary GroupEntries(ISchedule schedule)
    {
        var entries = new PickleDictionary();
        foreach (var part in schedule.Parts)
        {
            foreach (var (name, value) in GroupEntries(part))
                entries[name] = value;
        }
        if (schedule is OneCycleLR)
            TorchScheduleConstants.WriteGroup(Constant.Save(schedule.Constants), entries);
        return entries;
    }

    /// <summary>The state of a schedule that PyTorch saved.</summary>
    /// <param name="saved">What PyTorch saved.</param>
    /// <param name="like">The schedule that is to take it over.</param>
    /// <param name="number">The number that a value is, be it in a tensor; null if it is none.</param>
    /// <param name="groups">
    /// The optimizer's parameter groups of the same file, which have constants of a <c>OneCycleLR</c>. Without them these are taken to be the schedule's, as
    /// far as its initial rates admit.
    /// </param>
    /// <exception cref="InvalidDataException">It is none of that kind.</exception>
    public static ScheduleState Read(PickleDictionary saved, ISchedule like, Func<object?, double?> number, IReadOnlyList<PickleDictionary>? groups = null)
    {
        var kind = like.GetType().Name;
        var own = Write(like);
        if (saved.Keys.FirstOrDefault(key => key is string name && _telling.Contains(name) && !own.ContainsKey(name)) is { } other)
            throw new InvalidDataException($"The state must be that of a {kind}. It has '{other}', which is another's");
        var entries = new TorchScheduleEntries(saved, kind, number);
        var rates = entries.Contains(Rates) ? entries.Numbers(Rates) : [.. like.Optimizer.Groups.Select(group => group.LearningRate)];
        var constants = TorchScheduleConstants.Read(entries, like, groups);
        if (like is ReduceLROnPlateau)
            return new(kind, entries.Count(Steps), [], rates, [], Measures(entries)) { Constants = constants };
        if (like.Parts.Count == 0)
        {
            var steps = Math.Max(-1, entries.Count(Steps));
            if (like is CosineAnnealingWarmRestarts)
                ThrowIfBetweenSteps(entries, steps, constants);
            if (entries.Contains(Function) && entries[Function] is not null)
                throw new InvalidDataException($"'{Function}' of {kind} must be None. Functions are not loaded");
            return new(kind, steps, InitialRatesOf(like, entries), rates, [], []) { Constants = constants };
        }

        if (entries[Parts] is not List<object?> savedParts || savedParts.Count != like.Parts.Count)
            throw new InvalidDataException($"'{Parts}' of {kind} must be a list of {like.Parts.Count}. Actual number was {(entries[Parts] as List<object?>)?.Count ?? 0}");
        ScheduleState[] parts = [.. savedParts.Select((part, i) => Part(part, i, like, number, groups))];
        // A chain does not count in PyTorch; its parts do.
        var count = like is ChainedScheduler ? parts[0].StepCount : Math.Max(-1, entries.Count(Steps));
        return new(kind, count, InitialRatesOf(like, parts), rates, parts, []) { Constants = constants };
    }

    private static PickleDictionary Write(ISchedule schedule, ScheduleState state)
    {
        var saved = new PickleDictionary();
        TorchScheduleConstants.Write(schedule, saved);
        saved[Rates] = List(state.Rates);
        switch (schedule)
        {
            case ReduceLROnPlateau:
                saved[Steps] = (long)state.StepCount;
                saved[BadSteps] = (long)state.Values[0];
                saved[CooldownSteps] = (long)state.Values[1];
                saved[Worst] = saved[Mode] is "max" ? double.NegativeInfinity : double.PositiveInfinity;
                saved[Best] = state.Values.Count == 3 ? state.Values[2] : saved[Worst];
                return saved;
            case ChainedScheduler or SequentialLR:
                if (schedule is SequentialLR)
                    saved[Steps] = (long)state.StepCount;
                saved[Parts] = schedule.Parts.Select((part, i) => (object?)Write(part, state.Parts[i])).ToList();
                return saved;
            case CosineAnnealingWarmRestarts:
                var (since, period) = Place(state.StepCount, state.Constants!);
                saved[StepsSince] = since;
                saved[Period] = period;
                break;
            case CyclicLR:
                saved[Function] = null;
                break;
            case LambdaLR or MultiplicativeLR:
            case not (StepLR or MultiStepLR or ConstantLR or LinearLR or ExponentialLR or PolynomialLR or CosineAnnealingLR or OneCycleLR):
                saved[Functions] = Enumerable.Repeat<object?>(null, state.Rates.Count).ToList();
                break;
        }
        saved[InitialRates] = schedule is CyclicLR ? List(Enumerable.Repeat(state.Constants!.Number("base_lr"), state.Rates.Count)) : List(state.InitialRates);
        saved[Steps] = (long)state.StepCount;
        saved[Calls] = Math.Max(0L, state.StepCount) + 1;
        saved["_is_initial"] = false;
        saved["_get_lr_called_within_step"] = false;
        return saved;
    }

    private static List<object?> List(IEnumerable<double> numbers) => [.. numbers.Select(number => (object?)number)];

    private static ScheduleState Part(object? saved, int place, ISchedule whole, Func<object?, double?> number, IReadOnlyList<PickleDictionary>? groups)
    {
        try
        {
            return Read(saved as PickleDictionary ?? throw new InvalidDataException("It must be a dictionary"), whole.Parts[place], number, groups);
        }
        catch (InvalidDataException failure)
        {
            throw new InvalidDataException($"Part {place} of {whole.GetType().Name}: {failure.Message}", failure);
        }
    }

    private static (long Since, long Period) Place(int step, HyperParameters constants) =>
        CosineAnnealingWarmRestarts.Locate(Math.Max(0, step), constants.Integer("T_0"), constants.Integer("T_mult"));

    /// <summary>PyTorch lets such a schedule be at a share of a step, or elsewhere than its count says.</summary>
    private static void ThrowIfBetweenSteps(TorchScheduleEntries entries, int steps, HyperParameters constants)
    {
        if (constants.Integer("T_0") < 1 || constants.Integer("T_mult") < 1)
            throw new InvalidDataException($"'T_0' and 'T_mult' of {entries.Kind} must be at least 1. Actual values were {constants.Integer("T_0")} and {constants.Integer("T_mult")}");
        var (since, period) = Place(steps, constants);
        if (steps >= 0 && (entries.Number(StepsSince), entries.Number(Period)) is var actual && actual != (since, period))
            throw new InvalidDataException($"'{StepsSince}' and '{Period}' of {entries.Kind} must be {since} and {period}, as after {steps} whole steps. Actual values were {actual.Item1} and {actual.Item2}");
    }

    /// <summary>The state of bad measures, of the cooldown, and the best measure, if there is one.</summary>
    private static double[] Measures(TorchScheduleEntries entries)
    {
        var best = entries.Number(Best);
        double[] counts = [entries.Count(BadSteps), entries.Count(CooldownSteps)];
        return best == (entries[Mode] is "max" ? double.NegativeInfinity : double.PositiveInfinity) ? counts : [.. counts, best];
    }

    /// <summary>The rates that groups started from. Those of a cyclic schedule are its constant; the groups then have the optimizer's.</summary>
    private static double[] InitialRatesOf(ISchedule like, TorchScheduleEntries entries) => like is CyclicLR && like.Optimizer.Groups.All(group => group.InitialLearningRate is not null)
        ? [.. like.Optimizer.Groups.Select(group => group.InitialLearningRate!.Value)]
        : entries.Numbers(InitialRates);

    /// <summary>The rates that groups started from, which here are the same for all parts.</summary>
    private static IReadOnlyList<double> InitialRatesOf(ISchedule whole, ScheduleState[] parts)
    {
        ScheduleState[] telling = [.. parts.Where(part => part.Kind != nameof(CyclicLR))];
        if (telling.FirstOrDefault(part => !part.InitialRates.SequenceEqual(telling[0].InitialRates)) is { } other)
            throw new InvalidDataException($"'{InitialRates}' of all parts of {whole.GetType().Name} must be the same, [{string.Join(", ", telling[0].InitialRates)}]. Actual values of {other.Kind} were [{string.Join(", ", other.InitialRates)}]");
        return (telling is [var first, ..] ? first : parts[0]).InitialRates;
    }
}
