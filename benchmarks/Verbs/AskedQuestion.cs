using System.CommandLine;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>A verb with its arguments.</summary>
/// <param name="Verb">The verb.</param>
/// <param name="Arguments">The command line, parsed.</param>
/// <param name="Command">The same as text.</param>
internal sealed record AskedQuestion(Verb Verb, ParseResult Arguments, string Command)
{
    /// <summary>Reads a command line.</summary>
    /// <param name="words">The verb's name and its arguments.</param>
    /// <exception cref="InvalidOperationException">It is wrong.</exception>
    public static AskedQuestion Parse(IReadOnlyList<string> words)
    {
        var name = words.Count > 0 ? words[0] : "";
        var verb = AllVerbs.List.SingleOrDefault(verb => verb.Name == name)
            ?? throw new InvalidOperationException($"A question must be one of {string.Join(", ", AllVerbs.List.Select(verb => verb.Name))}. Actual value was '{name}'.");
        var result = verb.Command.Parse([.. words.Skip(1)]);
        return result.Errors.Count == 0
            ? new(verb, result, CommandLine.Of(words))
            : throw new InvalidOperationException($"{CommandLine.Of(words)}: {result.Errors[0].Message}");
    }
}
