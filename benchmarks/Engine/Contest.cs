namespace GpuOptim.Benchmarks.Engine;

/// <summary>Who runs in the same rounds, and on what.</summary>
/// <param name="Name">What it is about, for people.</param>
/// <param name="Setting">The same for programs.</param>
/// <param name="SetUp">Allocates everything anew, gives it to the scope, and says who runs. Called once for each pass, with the same entries each time.</param>
internal sealed record Contest(string Name, IReadOnlyDictionary<string, string> Setting, Func<Scope, IReadOnlyList<Entry>> SetUp)
{
    /// <summary>Whether each is run once in a round, however short it is.</summary>
    public bool RunsOnce { get; init; }

    /// <summary>Whether what ran before is no help: processes that start.</summary>
    public bool IsCold { get; init; }
}
