using System.CommandLine;
using System.Text.Json;
using GpuOptim.Benchmarks.Ilgpu;
using GpuOptim.Host;
using Spectre.Console;

namespace GpuOptim.Benchmarks;

/// <summary>What every command takes: a device, rounds, threads, vector width, PyTorch as a rival, and a file for the results.</summary>
internal sealed class Options(int rounds)
{
    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true };

    private readonly Option<int> _rounds = new("--rounds") { Description = "Rounds; every round runs each once", DefaultValueFactory = _ => rounds };
    private readonly Option<string> _device = new("--device") { Description = "simd, cuda or ilgpu-cpu: with the latter two, the rest but --rounds and --json does not matter", DefaultValueFactory = _ => SimdDevice.DeviceName };
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
        _device.AcceptOnlyFromAmong(SimdDevice.DeviceName, "cuda", "ilgpu-cpu");
        foreach (var option in new Option[] { _device, _rounds, _threads, _vectorBits, _pyTorch, _python, _file })
            command.Add(option);
    }

    /// <summary>Opens the device, and PyTorch, says what they are, runs races one after the other, and writes what they measured.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="races">Races on the CPU, with PyTorch or without, of so many rounds.</param>
    /// <param name="acceleratorRaces">Races on an accelerator.</param>
    public void Run(ParseResult result, Func<SimdDevice, PyTorch?, int, IEnumerable<object>> races, Func<AcceleratorBench, int, IEnumerable<object>> acceleratorRaces)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 100);
        var rounds = result.GetValue(_rounds);
        if (result.GetRequiredValue(_device) is var name && name != SimdDevice.DeviceName)
        {
            using var accelerator = AcceleratorBench.Open(name);
            Announce(accelerator.Description);
            Write(result, accelerator.Description, null, [.. acceleratorRaces(accelerator, rounds)]);
            return;
        }
        using var device = new SimdDevice(result.GetValue(_threads), result.GetValue(_vectorBits));
        using var torch = result.GetValue(_pyTorch) ? new PyTorch(result.GetRequiredValue(_python), device.Threads) : null;
        Announce($"{device.Description}{(torch is null ? "" : "; " + torch.Description)}");
        Write(result, device.Description, torch?.Description, [.. races(device, torch, rounds)]);
    }

    private static void Announce(string description) => AnsiConsole.MarkupLineInterpolated($"[bold]{description}[/], .NET {Environment.Version}");

    private void Write(ParseResult result, string device, string? torch, object[] races)
    {
        if (result.GetValue(_file) is { } file)
            File.WriteAllText(file.FullName, JsonSerializer.Serialize(new { Device = device, Runtime = $"{Environment.Version}", PyTorch = torch, Races = races }, _json));
    }
}
