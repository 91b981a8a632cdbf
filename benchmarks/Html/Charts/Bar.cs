using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Html.Charts;

/// <summary>What one contestant reached.</summary>
/// <param name="By">Who it is.</param>
/// <param name="Value">What it reached.</param>
/// <param name="Interval">Where it is with 95 % confidence.</param>
/// <param name="Bound">What no one can pass, in the same unit; null if it is not known.</param>
/// <param name="TimesOurs">How many times as long as we it took, by the rounds; null for ours, and where we did not run.</param>
internal sealed record Bar(string By, double Value, Interval Interval, double? Bound, double? TimesOurs)
{
    public bool IsOurs => By == Figure.Ours;
}
