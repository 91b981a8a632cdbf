using System.Text.Json.Serialization;

namespace GpuOptim.Benchmarks.Results;

/// <summary>What a run of the benchmarks measured, as its JSON file holds it.</summary>
/// <param name="Created">When it ended.</param>
/// <param name="Command">What was called, to repeat it.</param>
/// <param name="Machine">What it ran on.</param>
/// <param name="Plan">How often each was measured.</param>
/// <param name="Noise">How still the machine was.</param>
/// <param name="Chapters">What was measured, one for each question.</param>
internal sealed record Report(DateTimeOffset Created, string Command, Machine Machine, Plan Plan, Noise Noise, IReadOnlyList<Chapter> Chapters)
{
    /// <summary>What <see cref="Schema"/> must be.</summary>
    public const string SchemaName = "gpuoptim-bench";

    /// <summary>What <see cref="Version"/> is today. It grows when a reader of the last one would misread a file.</summary>
    public const int CurrentVersion = 1;

    /// <summary>What kind of file this is.</summary>
    [JsonPropertyOrder(-2)]
    public string Schema { get; init; } = SchemaName;

    /// <summary>The version of the schema.</summary>
    [JsonPropertyOrder(-1)]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>All races.</summary>
    public IEnumerable<(Chapter Chapter, Race Race)> Races() => Chapters.SelectMany(chapter => chapter.Races.Select(race => (chapter, race)));
}
