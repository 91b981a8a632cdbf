using System.CommandLine;
using System.CommandLine.Parsing;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>Command lines as people type them.</summary>
internal static class CommandLine
{
    /// <summary>The name of the tool.</summary>
    public const string Tool = "gpuoptim-bench";

    /// <summary>What was called, but for the files that it writes.</summary>
    public static string Of(ParseResult result)
    {
        List<string> words = [];
        var isFile = false;
        foreach (var token in result.Tokens)
        {
            if (token.Type == TokenType.Option)
                isFile = token.Value is CommonOptions.JsonName or CommonOptions.HtmlName;
            if (!isFile)
                words.Add(token.Value);
        }
        return Of(words);
    }

    public static string Of(IEnumerable<string> words) => string.Join(' ', words.Prepend(Tool).Select(word => word.Contains(' ', StringComparison.Ordinal) ? $"\"{word}\"" : word));

    /// <summary>The words of a command, but for the tool's name.</summary>
    public static IReadOnlyList<string> Split(string command) => [.. CommandLineParser.SplitCommandLine(command).Skip(1)];
}
