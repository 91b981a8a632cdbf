using System.CommandLine;
using System.Text.Json;
using GpuOptim.Benchmarks.Ilgpu;
using GpuOptim.Host;
using Spectre.Console;

namespace GpuOptim.Benchmarks;

/// <summary>What every command takes: a device, rounds, threads, vector width, PyTorch as a rival, and a file for the results.</summary>
/// <param name="rounds">The default.</param>
/// <param name="manyThreads">If the command takes more than one number of threads, the option that does.</param>
internal sealed class Options(int rounds, Option<int[]>? manyThreads = null)
{
    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true };

    private readonly Option<int> _rounds = new("--rounds") { Description = "Rounds; every round runs each once", DefaultValueFactory = _ => rounds };
    private readonly Option<string> _device = new("--device") { Description = "simd, cuda or ilgpu-cpu: with the latter two, the rest but --rounds and --json does not matter", DefaultValueFactory = _ => SimdDevice.DeviceName };
    private readonly Option<int> _threads = new("--threads") { Description = "Threads, here and in PyTorch", DefaultValueFactory = _ => Environment.ProcessorCount };
    private readonly Option<int> _vectorBits = new("--vector-bits") { Description = "Vector width", DefaultValueFactory = _ => SimdDevice.VectorWidths[0] };
    private readonly Option<bool> _pyTorch = new("--against-pytorch") { Description = "Run the installed Python's torch in the same rounds" };
    private readonly Option<string> _python = new("--python") { Description = "The Python that has torch", DefaultValueFactory = _ => "python3" };
    private readonly Option<FileInfo?> _file = new("--json") { Description = "Write every measurement to this file" };

    public static Option<T[]> Many<T>(string name, string description, T[] values) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => values,
        AllowMultipleArgumentsPerToken = true,
    };

    public void AddTo(Command command)
    {
        _device.AcceptOnlyFromAmong(SimdDevice.DeviceName, "cuda", "ilgpu-cpu");
        foreach (var option in new Option[] { _device, _rounds, manyThreads ?? (Option)_threads, _vectorBits, _pyTorch, _python, _file })
            command.Add(option);
    }

    /// <summary>For each number of threads opens the device, and PyTorch, says what they are, and runs races one after the other. Then writes what they measured.</summary>
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
            Write(result.GetValue(_file), accelerator.Description, pyTorch: null, [.. acceleratorRaces(accelerator, rounds)]);
            return;
        }
        List<string> devices = [], torches = [];
        List<object> all = [];
        foreach (var threads in manyThreads is null ? [result.GetValue(_threads)] : result.GetRequiredValue(manyThreads))
        {
            using var device = new SimdDevice(threads, result.GetValue(_vectorBits));
            using var torch = result.GetValue(_pyTorch) ? new PyTorch(result.GetRequiredValue(_python), threads) : null;
            Announce($"{device.Description}{(torch is null ? "" : "; " + torch.Description)}");
            devices.Add(device.Description);
            if (torch is not null)
                torches.Add(torch.Description);
            all.AddRange(races(device, torch, rounds));
        }
        Write(result.GetValue(_file), string.Join("; ", devices), torches.Count > 0 ? string.Join("; ", torches) : null, [.. all]);
    }

    /// <summary>Says what is measured.</summary>
    public static void Announce(string description) => AnsiConsole.MarkupLineInterpolated($"[bold]{description}[/], .NET {Environment.Version}");

    /// <summary>Writes what was measured, if there is a file for it.</summary>
    public static void Write(FileInfo? file, string device, string? pyTorch, object[] races)
    {
        if (file is not null)
            File.WriteAllText(file.FullName, JsonSerializer.Serialize(new { Device = device, Runtime = $"{Environment.Version}", PyTorch = pyTorch, Races = races }, _json));
    }
}
