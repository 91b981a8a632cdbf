using System.Globalization;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>Constants of schedules in the <c>state_dict()</c> of PyTorch's: under their names, except where it keeps lists, or something computed.</summary>
internal static class TorchScheduleConstants
{
    private const string
        Milestones = "milestones", MinRates = "min_lrs", BaseRates = "base_lrs", MaxRates = "max_lrs", MinMomenta = "base_momentums", MaxMomenta = "max_momentums",
        TotalSize = "total_size", StepRatio = "step_ratio", ScaleMode = "scale_mode", CyclesMomentum = "cycle_momentum",
        Phases = "_schedule_phases", EndStep = "end_step", Strategy = "_anneal_func_type",
        InitialRate = "initial_lr", MaxRate = "max_lr", MinRate = "min_lr", MinMomentum = "base_momentum", MaxMomentum = "max_momentum";

    /// <summary>Adds the constants of a schedule to what is saved of it.</summary>
    public static void Write(ISchedule schedule, PickleDictionary saved)
    {
        var constants = Constant.Save(schedule.Constants);
        var groups = schedule.Optimizer.Groups.Count;
        switch (schedule)
        {
            case OneCycleLR: WriteCycle(constants, saved); break;
            case CyclicLR: WriteCycles(constants, saved, groups); break;
            default:
                foreach (var constant in schedule.Constants)
                    saved[constant.Name] = Value(constant);
                break;
        }
        switch (schedule)
        {
            case MultiStepLR:
                saved[Milestones] = new PickleCounter(new(constants.Integers(Milestones).CountBy(milestone => milestone).Select(pair => KeyValuePair.Create((object)(long)pair.Key, (object?)(long)pair.Value))));
                break;
            case SequentialLR:
                saved.Remove(Milestones, out var milestones);
                saved["_" + Milestones] = milestones;
                break;
            case ReduceLROnPlateau:
                saved.Remove(MinRate);
                saved["default_min_lr"] = constants.Number(MinRate);
                saved[MinRates] = Repeat(constants.Number(MinRate), groups);
                break;
        }
    }

    /// <summary>Adds what a <c>OneCycleLR</c> keeps in the optimizer's groups.</summary>
    public static void WriteGroup(HyperParameters constants, PickleDictionary group)
    {
        var first = constants.Number(MaxRate) / constants.Number("div_factor");
        group[InitialRate] = first;
        group[MaxRate] = constants.Number(MaxRate);
        group[MinRate] = first / constants.Number("final_div_factor");
        if (!constants.Flag(CyclesMomentum))
            return;
        group[MaxMomentum] = constants.Number(MaxMomentum);
        group[MinMomentum] = constants.Number(MinMomentum);
    }

    /// <summary>The constants that PyTorch saved.</summary>
    /// <exception cref="InvalidDataException">One is missing, or cannot be a constant of such a schedule.</exception>
    public static HyperParameters Read(TorchScheduleEntries entries, ISchedule like, IReadOnlyList<PickleDictionary>? groups)
    {
        var constants = new HyperParameters();
        switch (like)
        {
            case OneCycleLR: ReadCycle(entries, Constant.Save(like.Constants), groups, constants); break;
            case CyclicLR: ReadCycles(entries, constants); break;
            default:
                // What PyTorch has for a schedule that it does not know is a LambdaLR, of which nothing is known.
                foreach (var constant in like.Constants.Where(constant => entries.Contains(constant.Name) || !IsForeign(like)))
                    constants.AddAny(constant.Name, Read(entries, like, constant));
                break;
        }
        return constants;
    }

    private static bool IsForeign(ISchedule schedule) => schedule is WarmupStableDecayLR or InverseSquareRootLR || schedule.GetType().Assembly != typeof(ISchedule).Assembly;

    private static object Read(TorchScheduleEntries entries, ISchedule like, Constant constant) => (like, constant.Name) switch
    {
        (MultiStepLR, Milestones) => entries.Counted(Milestones),
        (SequentialLR, Milestones) => entries.Numbers("_" + Milestones),
        (ReduceLROnPlateau, MinRate) => entries.OfAllGroups(MinRates),
        _ => constant.Saved switch
        {
            bool => entries.Flag(constant.Name),
            string => entries.Text(constant.Name),
            double[] => entries.Numbers(constant.Name),
            _ => entries.Number(constant.Name),
        },
    };

    private static object Value(Constant constant) => constant.Saved switch
    {
        double number when constant.IsWhole => (long)number,
        double[] numbers => numbers.Select(number => constant.IsWhole ? (object?)(long)number : number).ToList(),
        var other => other,
    };

    private static List<object?> Repeat(double value, int groups) => [.. Enumerable.Repeat<object?>(value, groups)];

    private static void WriteCycles(HyperParameters constants, PickleDictionary saved, int groups)
    {
        double up = constants.Number("step_size_up"), total = up + constants.Number("step_size_down");
        saved[MaxRates] = Repeat(constants.Number(MaxRate), groups);
        saved[TotalSize] = total;
        saved[StepRatio] = up / total;
        saved["mode"] = constants.Text("mode");
        saved["gamma"] = constants.Number("gamma");
        saved[ScaleMode] = ScaleModeOf(constants);
        saved[CyclesMomentum] = constants.Flag(CyclesMomentum);
        if (!constants.Flag(CyclesMomentum))
            return;
        saved[MinMomenta] = Repeat(constants.Number(MinMomentum), groups);
        saved[MaxMomenta] = Repeat(constants.Number(MaxMomentum), groups);
    }

    private static string ScaleModeOf(HyperParameters constants) => constants.Text("mode") == "exp_range" ? "iterations" : "cycle";

    private static void ReadCycles(TorchScheduleEntries entries, HyperParameters constants)
    {
        constants.Add("base_lr", entries.OfAllGroups(BaseRates));
        constants.Add(MaxRate, entries.OfAllGroups(MaxRates));
        double total = entries.Number(TotalSize), up = Math.Round(entries.Number(StepRatio) * total);
        if (total != Math.Floor(total) || up / total != entries.Number(StepRatio))
            throw new InvalidDataException($"'{TotalSize}' of {entries.Kind} must be whole, and '{StepRatio}' a share of whole steps. Actual values were {total} and {entries.Number(StepRatio)}");
        constants.Add("step_size_up", up);
        constants.Add("step_size_down", total - up);
        constants.Add("mode", entries.Text("mode"));
        constants.Add("gamma", entries.Number("gamma"));
        if (entries.Contains(ScaleMode) && entries.Text(ScaleMode) != ScaleModeOf(constants))
            throw new InvalidDataException($"'{ScaleMode}' of {entries.Kind} must be '{ScaleModeOf(constants)}', as of mode '{constants.Text("mode")}'. Actual value was '{entries.Text(ScaleMode)}'");
        constants.Add(CyclesMomentum, entries.Flag(CyclesMomentum));
        if (!entries.Flag(CyclesMomentum))
            return;
        constants.Add(MinMomentum, entries.OfAllGroups(MinMomenta));
        constants.Add(MaxMomentum, entries.OfAllGroups(MaxMomenta));
    }

    private static void WriteCycle(HyperParameters constants, PickleDictionary saved)
    {
        static PickleDictionary Phase(object end, string firstRate, string lastRate, string firstMomentum, string lastMomentum) => new()
        {
            [EndStep] = end,
            ["start_lr"] = firstRate,
            ["end_lr"] = lastRate,
            ["start_momentum"] = firstMomentum,
            ["end_momentum"] = lastMomentum,
        };
        var total = constants.Integer("total_steps");
        var share = constants.Number("pct_start");
        var rise = Phase(share * total - 1, InitialRate, MaxRate, MaxMomentum, MinMomentum);
        saved["total_steps"] = (long)total;
        saved[Phases] = constants.Flag("three_phase")
            ? new List<object?> { rise, Phase(2 * share * total - 2, MaxRate, InitialRate, MinMomentum, MaxMomentum), Phase(total - 1L, InitialRate, MinRate, MaxMomentum, MaxMomentum) }
            : new List<object?> { rise, Phase(total - 1L, MaxRate, MinRate, MinMomentum, MaxMomentum) };
        saved[Strategy] = constants.Text("anneal_strategy");
        saved[CyclesMomentum] = constants.Flag(CyclesMomentum);
    }

    private static void ReadCycle(TorchScheduleEntries entries, HyperParameters own, IReadOnlyList<PickleDictionary>? groups, HyperParameters constants)
    {
        var total = entries.Count("total_steps");
        constants.Add("total_steps", (double)total);
        // Older releases kept less.
        if (entries.Contains(Strategy))
            constants.Add("anneal_strategy", entries.Text(Strategy));
        if (entries.Contains(Phases))
        {
            if (entries[Phases] is not List<object?> { Count: 2 or 3 } phases || phases[0] is not PickleDictionary rise)
                throw new InvalidDataException($"'{Phases}' of {entries.Kind} must be a list of two or three");
            var end = entries.With(rise).Number(EndStep);
            constants.Add("pct_start", Invert(own.Number("pct_start"), (end + 1) / total, share => share * total - 1 == end));
            constants.Add("three_phase", phases.Count == 3);
        }
        constants.Add(CyclesMomentum, entries.Flag(CyclesMomentum));

        var first = entries.OfAllGroups(BaseRates);
        var group = groups is not null && groups.All(each => each.ContainsKey(MaxRate)) ? entries.OfGroups(groups) : null;
        var most = group?.OfAllGroups(MaxRate) ?? Invert(own.Number(MaxRate), first * own.Number("div_factor"), rate => rate / own.Number("div_factor") == first);
        constants.Add(MaxRate, most);
        constants.Add("div_factor", Invert(own.Number("div_factor"), most / first, divisor => most / divisor == first));
        if (group is null)
            return;
        var least = group.OfAllGroups(MinRate);
        constants.Add("final_div_factor", Invert(own.Number("final_div_factor"), first / least, divisor => first / divisor == least));
        if (!entries.Flag(CyclesMomentum))
            return;
        constants.Add(MinMomentum, group.OfAllGroups(MinMomentum));
        constants.Add(MaxMomentum, group.OfAllGroups(MaxMomentum));
    }

    /// <summary>A number of which only a result is known: the schedule's own if it fits, else of those that fit the one with the fewest digits.</summary>
    private static double Invert(double own, double near, Func<double, bool> fits)
    {
        const int Ulps = 16;
        if (fits(own))
            return own;
        var candidates = new List<double>();
        var candidate = near;
        for (var i = 0; i < Ulps; i++)
            candidate = Math.BitDecrement(candidate);
        for (var i = 0; i < 2 * Ulps; i++, candidate = Math.BitIncrement(candidate))
        {
            if (fits(candidate))
                candidates.Add(candidate);
        }
        return candidates.Count == 0 ? near : candidates.MinBy(each => each.ToString("R", CultureInfo.InvariantCulture).Length);
    }
}
