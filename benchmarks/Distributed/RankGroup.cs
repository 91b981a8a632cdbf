using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using GpuOptim.Benchmarks.Engine;

namespace GpuOptim.Benchmarks.Distributed;

/// <summary>Processes of this program that MPI's launcher started, and that do what they are told.</summary>
internal sealed class RankGroup : IDisposable
{
    private readonly Process _process;
    // What they and the launcher write besides.
    private readonly StringBuilder _errors = new();
    private readonly int _ranks;

    /// <summary>Starts them, and waits until they have met.</summary>
    /// <param name="launcher">The launcher, with what it is to be told.</param>
    /// <param name="ranks">How many.</param>
    /// <param name="arguments">Those of <see cref="RankProcess.Run"/>.</param>
    /// <exception cref="InvalidOperationException">There is no such launcher, or they ended.</exception>
    public RankGroup(IReadOnlyList<string> launcher, int ranks, IReadOnlyList<string> arguments)
    {
        _ranks = ranks;
        var program = Program();
        var info = new ProcessStartInfo(launcher[0], [.. launcher.Skip(1), "-n", ranks.ToString(CultureInfo.InvariantCulture), .. program, RankProcess.Verb, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A benchmark of scaling on few cores has more ranks than cores. Open MPI 4 and 5 want to be told.
        info.Environment.TryAdd("OMPI_MCA_rmaps_base_oversubscribe", "1");
        info.Environment.TryAdd("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
        try
        {
            _process = Process.Start(info)!;
        }
        catch (Win32Exception)
        {
            throw new InvalidOperationException($"--launcher must start MPI's processes. There is no '{launcher[0]}' on the path.");
        }
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
                _errors.AppendLine(line.Data);
        };
        _process.BeginErrorReadLine();
        try
        {
            Implementation = Read();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The MPI in use.</summary>
    public string Implementation { get; }

    /// <summary>What does one of the group's jobs.</summary>
    public IWorkload Job(int index) => new Part(this, index);

    public void Dispose()
    {
        // They end with their input.
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(20)))
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    /// <summary>How this program is started once more; in a test it is a library beside.</summary>
    private static string[] Program()
    {
        var library = typeof(RankGroup).Assembly.Location;
        return Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == Path.GetFileNameWithoutExtension(library) ? [path] : ["dotnet", library];
    }

    private double Run(int job, int repetitions)
    {
        _process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{job} {repetitions}"));
        _process.StandardInput.Flush();
        var line = Read();
        return line.StartsWith(RankProcess.Failure, StringComparison.Ordinal)
            ? throw new WrongResultException(line[RankProcess.Failure.Length..])
            : double.Parse(line, CultureInfo.InvariantCulture);
    }

    private string Read()
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            // A console may have been told of colors before.
            if (line.IndexOf(RankProcess.Line, StringComparison.Ordinal) is >= 0 and var start)
                return line[(start + RankProcess.Line.Length)..];
            lock (_errors)
                _errors.AppendLine(line);
        }
        _process.WaitForExit();
        lock (_errors)
            throw new InvalidOperationException($"{_ranks} ranks must run under the launcher. They ended with {_process.ExitCode}:\n{_errors}");
    }

    private sealed class Part(RankGroup group, int index) : IWorkload
    {
        public double Run(int repetitions) => group.Run(index, repetitions);
    }
}
