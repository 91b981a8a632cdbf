namespace GpuOptim.Benchmarks.Results;

/// <summary>The answer to a question.</summary>
/// <param name="Verb">The command that asks it.</param>
/// <param name="Question">The question.</param>
/// <param name="Command">The whole command line that repeats it alone.</param>
/// <param name="Races">What was measured.</param>
internal sealed record Chapter(string Verb, string Question, string Command, IReadOnlyList<Race> Races);
