using System.Diagnostics;
using System.Globalization;
using GpuOptim.Benchmarks.Engine;

namespace GpuOptim.Benchmarks.ColdStart;

/// <summary>Processes of this program that open a device and step. Whoever asks for one of its times has it of the same process as the others of that round.</summary>
/// <param name="device">The device.</param>
/// <param name="environment">Variables to set.</param>
internal sealed class Child(string device, params (string Name, string Value)[] environment)
{
    private double[] _seconds = [];
    private int _runs;

    /// <summary>From the start of the process until it has stepped.</summary>
    public IWorkload Whole => new Part(this, 0);

    /// <summary>Opening the device.</summary>
    public IWorkload Opening => new Part(this, 1);

    /// <summary>The first step.</summary>
    public IWorkload FirstStep => new Part(this, 2);

    /// <summary>The first step of another optimizer of the same kind.</summary>
    public IWorkload SecondFirstStep => new Part(this, 3);

    private void Run()
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The system does not say which program this is.");
        // Where dotnet runs a library, the library is an argument.
        string[] library = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        var start = new ProcessStartInfo(program, [.. library, ColdStart.FirstStep.Verb, device]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadLine();
        var whole = Ticks.SecondsSince(began);
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (line is null)
            throw new InvalidOperationException($"A process that steps on {device} ended without: {error}");
        _seconds = [whole, .. line.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        _runs++;
    }

    private sealed class Part(Child child, int index) : IWorkload
    {
        private int _seen;

        public double Run(int repetitions)
        {
            if (_seen == child._runs)
                child.Run();
            _seen = child._runs;
            return child._seconds[index];
        }
    }
}
