using System.Globalization;
using GpuOptim.Optimizers.Schedules;

namespace GpuOptim.Tests.Support;

/// <summary>States of schedules as texts, which are the same if all in them is.</summary>
internal static class ScheduleStates
{
    public static string Describe(ScheduleState state) =>
        $"{state.Kind} at {state.StepCount}: {Text(state.InitialRates)} {Text(state.Rates)} {Text(state.Values)} {{{string.Join(", ", (state.Constants?.Values ?? new Dictionary<string, object>()).Select(pair => $"{pair.Key} = {Text(pair.Value)}"))}}} [{string.Join("; ", state.Parts.Select(Describe))}]";

    private static string Text(object value) => value is IEnumerable<double> numbers ? $"[{string.Join(", ", numbers.Select(number => Text(number)))}]" : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
