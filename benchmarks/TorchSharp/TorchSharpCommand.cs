using System.CommandLine;
using System.Runtime.CompilerServices;
using GpuOptim.Benchmarks.Throughput;
using GpuOptim.Host;
using GpuOptim.Tests.TorchSharp;
using Spectre.Console;
using TorchSharp;

namespace GpuOptim.Benchmarks.TorchSharp;

/// <summary>Times our optimizers on TorchSharp's tensors beside TorchSharp's own.</summary>
internal static class TorchSharpCommand
{
    public static Command Create()
    {
        var layouts = Options.Many("--layout", $"Tensors, as COUNTxLENGTH, or {TensorSet.Gpt2SmallName}", ["1x16M", "1000x1024", "200x65536", TensorSet.Gpt2SmallName]);
        layouts.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => TensorSet.Parse(token.Value) is null))
                result.AddError($"--layout must be COUNTxLENGTH, for instance 1x16M or 1000x1024, or {TensorSet.Gpt2SmallName}. Actual value was '{token.Value}'.");
        });
        var optimizers = Options.Many("--optimizer", "Optimizers", ["adamw"]);
        optimizers.AcceptOnlyFromAmong([.. Contestant.All.Select(contestant => contestant.Name)]);
        var freshGradients = new Option<bool>("--fresh-gradients") { Description = "Between steps give each tensor a new gradient, as a backward pass does; not timed" };
        var rounds = new Option<int>("--rounds") { Description = "Rounds; every round runs each once", DefaultValueFactory = _ => 15 };
        var threads = new Option<int>("--threads") { Description = "Threads, here and in libtorch", DefaultValueFactory = _ => Environment.ProcessorCount };
        var file = new Option<FileInfo?>("--json") { Description = "Write every measurement to this file" };
        var command = new Command("torchsharp", "Steps on TorchSharp's tensors on the CPU, beside those of TorchSharp's own optimizers and a triad in the same rounds")
        {
            layouts, optimizers, freshGradients, rounds, threads, file,
        };
        command.SetAction(result =>
        {
            if (Failure() is { } failure)
                throw new InvalidOperationException($"libtorch must load for this. It did not: {failure}");
            Run(
                [
                    .. from text in result.GetRequiredValue(layouts)
                       from contestant in Contestant.All.Where(contestant => result.GetRequiredValue(optimizers).Contains(contestant.Name))
                       select (TensorSet.Parse(text)!, contestant),
                ],
                result.GetValue(rounds),
                result.GetValue(threads),
                result.GetValue(freshGradients),
                result.GetValue(file));
        });
        return command;
    }

    /// <summary>Why libtorch cannot be used; null if it can.</summary>
    private static string? Failure()
    {
        try
        {
            return NativeLibtorch.Failure;
        }
        // What is packed for a machine with a card has no TorchSharp at all.
        catch (FileNotFoundException missing)
        {
            return missing.Message;
        }
    }

    // Compiled once libtorch is known to load.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Run((TensorSet Tensors, Contestant Contestant)[] jobs, int rounds, int threads, bool freshGradients, FileInfo? file)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 160);
        torch.set_num_threads(threads);
        using var device = new SimdDevice(threads);
        var description = $"{device.Description}; TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}";
        Options.Announce(description);
        foreach (var contestant in jobs.Select(job => job.Contestant).Distinct())
            WarmUp(device, contestant, freshGradients);
        TorchSharpRace[] races = [.. jobs.Select(job => TorchSharpRace.Run(device, job.Tensors, job.Contestant, rounds, freshGradients))];
        TorchSharpRace.Print($"float32, {(freshGradients ? "fresh gradients" : "gradients that stay")}; looking for them is what a step takes beyond the bare one", races);
        Options.Write(file, description, pyTorch: null, races);
    }

    /// <summary>Has the runtime compile everything as well as it can, which it does for what was called often, a tenth of a second later.</summary>
    private static void WarmUp(SimdDevice device, Contestant contestant, bool freshGradients)
    {
        for (var i = 0; i < 2; i++)
        {
            TorchSharpRace.Run(device, TensorSet.Parse("3x1000")!, contestant, rounds: 30, freshGradients);
            Thread.Sleep(300);
        }
    }
}
