using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using GpuOptim.Benchmarks.Engine;

namespace GpuOptim.Benchmarks.Rivals;

/// <summary>The installed Python's torch in a process of its own, that works when told and says how long it took.</summary>
internal sealed class PyTorch : IDisposable
{
    private readonly Process _process;
    private int _created;
    private string _lastError = "";

    public PyTorch(string python, int threads)
    {
        var start = new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, "Rivals", "pytorch.py"), $"{threads}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception failure)
        {
            throw new InvalidOperationException($"--python must name a Python that has torch. {failure.Message}");
        }
        _process.ErrorDataReceived += (_, line) => _lastError = line.Data ?? _lastError;
        _process.BeginErrorReadLine();
        Description = Answer();
    }

    /// <summary>Version and instruction set.</summary>
    public string Description { get; }

    /// <summary>Work for PyTorch, or null if this release cannot do it.</summary>
    /// <param name="request">A kind of work in <c>pytorch.py</c> and its arguments.</param>
    public Remote? Create(string request) => Ask($"create {_created} {request}") == "ok" ? new Remote(this, _created++) : null;

    /// <summary>Frees all that was created.</summary>
    public void Clear()
    {
        Ask("clear");
        _created = 0;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Ask(string request)
    {
        _process.StandardInput.WriteLine(request);
        return Answer();
    }

    private string Answer()
    {
        if (_process.StandardOutput.ReadLine() is { } answer)
            return answer;
        // All that it said has been read then.
        _process.WaitForExit();
        throw new InvalidOperationException($"Python ended; --python must name one that has torch. It said: {_lastError}");
    }

    /// <summary>Work there.</summary>
    internal sealed class Remote(PyTorch torch, int id) : IWorkload
    {
        /// <summary>The numbers at places of the parameters that it updates.</summary>
        public double[] Read(long[] places) =>
            [.. torch.Ask($"read {id} {string.Join(' ', places)}").Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];

        public double Run(int repetitions) => double.Parse(torch.Ask($"run {id} {repetitions}"), CultureInfo.InvariantCulture);
    }
}
