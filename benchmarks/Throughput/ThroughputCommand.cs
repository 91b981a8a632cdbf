using System.CommandLine;
using System.Text.Json;
using GpuOptim.Host;
using Spectre.Console;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>Times every optimizer on given tensors beside a copy and a triad of the same memory.</summary>
internal static class ThroughputCommand
{
    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true };

    public static Command Create()
    {
        var layouts = Many("--layout", "Tensors, as COUNTxLENGTH", ["1x64M", "1000x1024", "10000x100"]);
        layouts.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => Layout.Parse(token.Value) is null))
                result.AddError($"--layout must be COUNTxLENGTH, for instance 1x64M or 1000x1024. Actual value was '{token.Value}'.");
        });
        var types = Many("--type", "Types of parameter and state", [.. NumberType.All.Select(type => type.Name)]);
        types.DefaultValueFactory = _ => ["float32", "bfloat16", "bfloat16+float32"];
        types.AcceptOnlyFromAmong([.. NumberType.All.Select(type => type.Name)]);
        var optimizers = Many("--optimizer", "Optimizers", [.. Contestant.All.Select(contestant => contestant.Name)]);
        optimizers.AcceptOnlyFromAmong([.. Contestant.All.Select(contestant => contestant.Name)]);
        var rounds = new Option<int>("--rounds") { Description = "Rounds; every round runs each once", DefaultValueFactory = _ => 15 };
        var threads = new Option<int>("--threads") { Description = "Threads, here and in PyTorch", DefaultValueFactory = _ => Environment.ProcessorCount };
        var vectorBits = new Option<int>("--vector-bits") { Description = "Vector width", DefaultValueFactory = _ => SimdDevice.VectorWidths[0] };
        var pyTorch = new Option<bool>("--against-pytorch") { Description = "Run the installed Python's torch.optim in the same rounds" };
        var python = new Option<string>("--python") { Description = "The Python that has torch", DefaultValueFactory = _ => "python3" };
        var json = new Option<FileInfo?>("--json") { Description = "Write every measurement to this file" };

        var command = new Command("throughput", "Nanoseconds and bytes a parameter of every optimizer, beside a copy and a triad in the same rounds")
        {
            layouts, types, optimizers, rounds, threads, vectorBits, pyTorch, python, json,
        };
        command.SetAction(result =>
        {
            using var device = new SimdDevice(result.GetValue(threads), result.GetValue(vectorBits));
            using var torch = result.GetValue(pyTorch) ? new PyTorch(result.GetRequiredValue(python), device.Threads) : null;
            AnsiConsole.MarkupLineInterpolated($"[bold]{device.Description}[/], .NET {Environment.Version}{(torch is null ? "" : "; " + torch.Description)}");
            var races = new List<Race>();
            foreach (var layout in result.GetRequiredValue(layouts).Select(text => Layout.Parse(text)!))
            {
                foreach (var type in NumberType.All.Where(type => result.GetRequiredValue(types).Contains(type.Name)))
                {
                    var contestants = Contestant.All.Where(contestant => result.GetRequiredValue(optimizers).Contains(contestant.Name)).ToArray();
                    var race = Race.Run(device, layout, type, contestants, torch, result.GetValue(rounds));
                    race.Print();
                    races.Add(race);
                }
            }
            if (result.GetValue(json) is { } file)
                File.WriteAllText(file.FullName, JsonSerializer.Serialize(new { Device = device.Description, Runtime = $"{Environment.Version}", PyTorch = torch?.Description, Races = races }, _json));
        });
        return command;
    }

    private static Option<string[]> Many(string name, string description, string[] values) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => values,
        AllowMultipleArgumentsPerToken = true,
    };
}
