using System.CommandLine;
using System.Text.Json;
using GpuOptim.Host;
using Spectre.Console;

namespace GpuOptim.Benchmarks;

/// <summary>What every command takes: rounds, threads, vector width, PyTorch as a rival, and a file for the results.</summary>
internal sealed class Options(int rounds)
{
    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true };

    private readonly Option<int> _rounds = new("--rounds") { Description = "Rounds; every round runs each once", DefaultValueFactory = _ => rounds };
    private readonly Option<int> _threads = new("--threads") { Description = "Threads, here and in PyTorch", DefaultValueFactory = _ => Environment.ProcessorCount };
    private readonly Option<int> _vectorBits = new("--vector-bits") { Description = "Vector width", DefaultValueFactory = _ => SimdDevice.VectorWidths[0] };
    private readonly Option<bool> _pyTorch = new("--against-pytorch") { Description = "Run the installed Python's torch in the same rounds" };
    private readonly Option<string> _python = new("--python") { Description = "The Python that has torch", DefaultValueFactory = _ => "python3" };
    private readonly Option<FileInfo?> _file = new("--json") { Description = "Write every measurement to this file" };

    public static Option<string[]> Many(string name, string description, string[] values) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => values,
        AllowMultipleArgumentsPerToken = true,
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _rounds, _threads, _vectorBits, _pyTorch, _python, _file })
            command.Add(option);
    }

    /// <summary>Opens the device and PyTorch, says what they are, runs races one after the other, and writes what they measured.</summary>
    public void Run(ParseResult result, Func<SimdDevice, PyTorch?, int, IEnumerable<object>> races)
    {
        using var device = new SimdDevice(result.GetValue(_threads), result.GetValue(_vectorBits));
        using var torch = result.GetValue(_pyTorch) ? new PyTorch(result.GetRequiredValue(_python), device.Threads) : null;
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 100);
        AnsiConsole.MarkupLineInterpolated($"[bold]{device.Description}[/], .NET {Environment.Version}{(torch is null ? "" : "; " + torch.Description)}");
        object[] measured = [.. races(device, torch, result.GetValue(_rounds))];
        if (result.GetValue(_file) is { } file)
            File.WriteAllText(file.FullName, JsonSerializer.Serialize(new { Device = device.Description, Runtime = $"{Environment.Version}", PyTorch = torch?.Description, Races = measured }, _json));
    }
}
