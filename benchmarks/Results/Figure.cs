using System.Text.Json.Serialization;

namespace GpuOptim.Benchmarks.Results;

/// <summary>How long something took.</summary>
/// <param name="Subject">What was done: <c>adamw</c>.</param>
/// <param name="By">Who did it: <see cref="Ours"/>, <see cref="Yardstick"/>, or a rival's name.</param>
/// <param name="Work">How much it did.</param>
/// <param name="Seconds">What it took in each round of each pass.</param>
/// <param name="Median">The median of these.</param>
/// <param name="Interval">Where the true median is, with 95 % confidence.</param>
/// <param name="Floors">What the machine's own speed allows.</param>
/// <param name="Check">What was checked of its result; null if there is nothing to check.</param>
internal sealed record Figure(string Subject, string By, Work Work, double[][] Seconds, double Median, Interval Interval, IReadOnlyList<Floor> Floors, string? Check)
{
    /// <summary>Who this library is.</summary>
    public const string Ours = "GpuOptim";

    /// <summary>Who does what shows what the machine can do.</summary>
    public const string Yardstick = "the machine";

    /// <summary>The highest of the floors; null if there is none.</summary>
    [JsonIgnore]
    public Floor? BindingFloor => Floors.MaxBy(floor => floor.Seconds);
}
