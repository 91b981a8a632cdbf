using System.ComponentModel;
using System.Diagnostics;

namespace GpuOptim.Tests.Support;

/// <summary>Where to look for a Python that has what a test needs.</summary>
internal static class Python
{
    private static readonly Lazy<string?> _withPyTorch = new(() => All.FirstOrDefault(python => Run(python, "-c", "import torch").ExitCode == 0));

    /// <summary>Interpreters: what the environment variable <c>GPUOPTIM_PYTHON</c> names, then the usual ones.</summary>
    public static IEnumerable<string> All =>
        ((string?[])[Environment.GetEnvironmentVariable("GPUOPTIM_PYTHON"), "python3", "/usr/bin/python3", "python"]).OfType<string>().Where(name => name.Length > 0);

    /// <summary>One that has PyTorch; null if none has.</summary>
    public static string? WithPyTorch => _withPyTorch.Value;

    /// <summary>Runs a program to its end.</summary>
    public static (int ExitCode, string Output, string Error) Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
        catch (Win32Exception failure)
        {
            return (-1, "", failure.Message);
        }
    }
}
