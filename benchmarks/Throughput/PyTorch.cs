using System.Diagnostics;
using System.Globalization;

namespace GpuOptim.Benchmarks.Throughput;

/// <summary>The installed Python's torch in a process of its own, that works when told and says how long it took.</summary>
internal sealed class PyTorch : IDisposable
{
    private readonly Process _process;
    private int _created;

    public PyTorch(string python, int threads)
    {
        _process = Process.Start(new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, "Throughput", "pytorch_throughput.py"), $"{threads}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException($"{python} could not be started.");
        Description = Answer();
    }

    /// <summary>Version and instruction set.</summary>
    public string Description { get; }

    /// <summary>An optimizer of PyTorch's, or null if this release has none in this mode.</summary>
    /// <param name="optimizer">A <see cref="Contestant"/>'s name.</param>
    /// <param name="mode">default, foreach or fused.</param>
    /// <param name="layout">The tensors.</param>
    /// <param name="type">float32, bfloat16 or float16.</param>
    public IWorkload? Create(string optimizer, string mode, Layout layout, string type)
    {
        var answer = Ask($"create {_created} {optimizer} {mode} {layout.Count} {layout.Length} {type}");
        return answer == "ok" ? new Remote(this, _created++, mode == "default" ? $"torch {optimizer}" : $"torch {optimizer} {mode}") : null;
    }

    /// <summary>Frees all optimizers.</summary>
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

    private string Answer() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("Python ended: --python must name one that has torch.");

    private sealed class Remote(PyTorch torch, int id, string name) : IWorkload
    {
        public string Name { get; } = name;

        public double Run(int repetitions) => double.Parse(torch.Ask($"run {id} {repetitions}"), CultureInfo.InvariantCulture);
    }
}
