using System.ComponentModel;
using System.Diagnostics;

using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Ptx;

/// <summary>Runs kernels' PTX on the CPU, in a Python that has numpy; <c>tests/ptxsim</c> says how.</summary>
internal static class Simulator
{
    private static readonly Lazy<string?> _python = new(() => Python.All.FirstOrDefault(HasNumpy));

    /// <summary>Runs a script of this folder and returns what it prints.</summary>
    public static string Run(string script, string job)
    {
        if (_python.Value is null)
            Assert.Ignore("There is no Python with numpy: the CUDA kernels are not executed.");
        var (exitCode, output, error) = Start(_python.Value, [Path.Combine(TestContext.CurrentContext.TestDirectory, "Ptx", script), job]);
        Assert.That(exitCode, Is.Zero, error);
        return output;
    }

    private static bool HasNumpy(string python)
    {
        try
        {
            return Start(python, ["-c", "import numpy"]).ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static (int ExitCode, string Output, string Error) Start(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
