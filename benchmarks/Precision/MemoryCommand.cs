using System.CommandLine;
using GpuOptim.Benchmarks.Results;

namespace GpuOptim.Benchmarks.Precision;

/// <summary>Prints what parameters, gradients and state take.</summary>
internal static class MemoryCommand
{
    private static readonly double[] _models = [1e9, 7e9];

    public static Command Create()
    {
        var command = new Command("memory", "Bytes that parameters, gradients and state take in every precision, and that a step moves");
        command.SetAction(_ =>
        {
            foreach (var line in Lines())
                Console.WriteLine(line);
        });
        return command;
    }

    /// <summary>A table as documents have them.</summary>
    public static IEnumerable<string> Lines()
    {
        yield return "| | parameter + gradient + state, AdamW | moved a step | 1 billion: GiB | 7 billion: GiB | Muon, or momentum | 1 billion: GiB | 7 billion: GiB |";
        yield return "|---|--:|--:|--:|--:|--:|--:|--:|";
        // A network's own copies are its engine's affair, and rounding at random takes no memory.
        foreach (var mode in TrainingMode.All.Where(mode => mode != TrainingMode.Mixed && mode.StateRounding == Optimizers.StateRounding.Nearest))
        {
            var (adamW, muon) = (MemoryOfMode.Of(mode, 2), MemoryOfMode.Of(mode, 1));
            yield return $"| {mode.FullName} | {Sum(adamW)} | {Text.Number(adamW.Moved, 2)} | {Models(adamW)} | {Sum(muon)} | {Models(muon)} |";
        }
    }

    private static string Sum(MemoryOfMode memory) => $"{memory.Parameter:0} + {memory.Gradient:0} + {memory.State:0.##} = {memory.Held:0.##}";

    private static string Models(MemoryOfMode memory) => string.Join(" | ", _models.Select(parameters => Text.Number(memory.Held * parameters / (1L << 30), 1)));
}
