using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace GpuOptim.Tests.Distributed.Mpi;

/// <summary>Processes of this assembly that an MPI's launcher starts as ranks. What is not done in time is killed, with all that it started.</summary>
/// <param name="Output">What they wrote.</param>
/// <param name="ExitCode">How the launcher ended; null if it had to be killed.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record MpiRun(string Output, int? ExitCode, double Seconds)
{
    /// <summary>The variable that says what ranks are to do.</summary>
    public const string RoleVariable = "GPUOPTIM_TESTS_RANK";

    /// <summary>The implementations that tests look for: Debian's names, then those of others.</summary>
    public static readonly string[] Implementations = ["openmpi", "mpich"];

    private static readonly ConcurrentDictionary<string, string?> _launchers = new();

    /// <summary>The launcher of an implementation; skips the test where it is not installed.</summary>
    public static string Launcher(string implementation)
    {
        if (_launchers.GetOrAdd(implementation, Find) is { } launcher)
            return launcher;
        Assert.Ignore($"There is no mpirun of {implementation}.");
        return "";
    }

    private static string? Find(string implementation)
    {
        foreach (var name in (string[])[$"mpirun.{implementation}", "mpirun"])
        {
            if (Try(name, ["--version"], [], TimeSpan.FromSeconds(20)) is not { } run)
                continue;
            if (run.Output.Contains(implementation == "openmpi" ? "open-mpi.org" : "HYDRA", StringComparison.OrdinalIgnoreCase))
                return name;
        }
        return null;
    }

    /// <summary>Starts ranks.</summary>
    /// <param name="implementation">With whose launcher.</param>
    /// <param name="ranks">How many.</param>
    /// <param name="role">What they do.</param>
    /// <param name="seconds">When they are killed.</param>
    /// <param name="environment">Variables to set.</param>
    public static MpiRun Start(string implementation, int ranks, string role, double seconds, params (string Name, string Value)[] environment)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "GpuOptim.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        if (!File.Exists(program))
            Assert.Ignore($"There is no '{program}'.");
        string[] more = implementation == "openmpi" ? ["--oversubscribe"] : [];
        return Try(Launcher(implementation), [.. more, "-n", ranks.ToString(CultureInfo.InvariantCulture), program], [(RoleVariable, role), .. environment], TimeSpan.FromSeconds(seconds))!;
    }

    /// <summary>Runs one rank without a launcher.</summary>
    public static MpiRun Alone(string role, double seconds, params (string Name, string Value)[] environment) =>
        Try(Path.Combine(AppContext.BaseDirectory, "GpuOptim.Tests"), [], [(RoleVariable, role), .. environment], TimeSpan.FromSeconds(seconds))!;

    private static MpiRun? Try(string program, string[] arguments, (string Name, string Value)[] environment, TimeSpan limit)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(MpiRun).Assembly.Location;
        // Ranks share few cores: each keeps to what it needs.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var began = Stopwatch.GetTimestamp();
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            return null;
        }
        using (process)
        {
            var output = new StringBuilder();
            process.StandardInput.Close();
            var pumps = Task.WhenAll(Pump(process.StandardOutput, output), Pump(process.StandardError, output));
            var ended = process.WaitForExit(limit);
            if (!ended)
                process.Kill(entireProcessTree: true);
            // What is left in the pipes; a process that was left over may hold them open.
            pumps.Wait(TimeSpan.FromSeconds(2));
            lock (output)
                return new(output.ToString(), ended ? process.ExitCode : null, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
    }

    private static async Task Pump(StreamReader from, StringBuilder to)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (to)
                to.AppendLine(line);
        }
    }
}
