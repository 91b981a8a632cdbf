using System.Runtime.CompilerServices;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Ilgpu;
using GpuOptim.Benchmarks.Rivals;
using GpuOptim.Host;

namespace GpuOptim.Benchmarks.Verbs;

/// <summary>What is measured on, and who runs beside us.</summary>
internal sealed class Bench : IDisposable
{
    private const string PlainKernels = "ilgpu";

    private readonly Dictionary<int, SimdDevice> _simd = [];
    private readonly Dictionary<int, PyTorch> _torch = [];
    private readonly string _python;
    private readonly Scope _scope = new();

    /// <summary>Opens it.</summary>
    /// <param name="device">simd, cuda or ilgpu-cpu.</param>
    /// <param name="threads">Numbers of threads to measure.</param>
    /// <param name="vectorBits">Our vector width.</param>
    /// <param name="rivals">Who else runs, of <see cref="RivalNames"/>.</param>
    /// <param name="rivalsMustBeThere">Whether it is an error if one is not there; else it is left out.</param>
    /// <param name="python">The Python that has torch.</param>
    /// <param name="flushes">Whether an accelerator's cache is flushed before each.</param>
    /// <exception cref="InvalidOperationException">There is no such device or rival.</exception>
    public Bench(string device, IReadOnlyList<int> threads, int vectorBits, IReadOnlyList<string> rivals, bool rivalsMustBeThere, string python, bool flushes)
    {
        (DeviceName, Threads, VectorBits, _python) = (device, threads, vectorBits, python);
        if (device != SimdDevice.DeviceName)
        {
            Accelerator = _scope.Keep(AcceleratorBench.Open(device, flushes));
            Threads = [threads[^1]];
        }
        foreach (var name in rivals)
        {
            try
            {
                Add(name);
            }
            catch (InvalidOperationException missing) when (!rivalsMustBeThere)
            {
                Missing.Add(missing.Message);
            }
        }
    }

    /// <summary>Who may run beside us.</summary>
    public static IReadOnlyList<string> RivalNames { get; } = ["pytorch", "torchsharp", PlainKernels, "scalar"];

    public string DeviceName { get; }

    public IReadOnlyList<int> Threads { get; }

    public int VectorBits { get; }

    /// <summary>The accelerator that is measured; null if it is the CPU's own cores.</summary>
    public AcceleratorBench? Accelerator { get; }

    /// <summary>Who updates tensors beside us.</summary>
    public List<IUpdateRival> UpdateRivals { get; } = [];

    /// <summary>Why others do not.</summary>
    public List<string> Missing { get; } = [];

    /// <summary>Whether PyTorch is there and asked for.</summary>
    public bool HasPyTorch { get; private set; }

    public string Description => Accelerator?.Description ?? Simd(Threads[^1]).Description;

    /// <summary>What a race with so many threads runs on, for its name.</summary>
    public string On(int threads) => Accelerator is not null ? DeviceName : threads == 1 ? "1 thread" : $"{threads} threads";

    public IEnumerable<string> Rivals => UpdateRivals.Select(rival => rival.Description);

    /// <summary>Our device with a number of threads.</summary>
    public SimdDevice Simd(int threads) =>
        _simd.TryGetValue(threads, out var device) ? device : _simd[threads] = _scope.Keep(new SimdDevice(threads, VectorBits));

    /// <summary>PyTorch with a number of threads; null if it is not asked for.</summary>
    public PyTorch? Torch(int threads) => !HasPyTorch ? null : _torch.TryGetValue(threads, out var torch) ? torch : _torch[threads] = _scope.Keep(new PyTorch(_python, threads));

    /// <summary>Work of ours, timed on the clock of what it runs on.</summary>
    public IWorkload Timed(Action work) => Accelerator?.Timed(work) ?? new Workload(work);

    public void Dispose() => _scope.Dispose();

    private void Add(string name)
    {
        if (Accelerator is not null && name != PlainKernels)
            throw new InvalidOperationException($"--against must be {PlainKernels} on {DeviceName}: {name} runs on the CPU.");
        switch (name)
        {
            case "pytorch":
                HasPyTorch = true;
                try
                {
                    UpdateRivals.Add(new PyTorchRival(threads => Torch(threads)!, Torch(Threads[^1])!.Description));
                }
                catch (InvalidOperationException)
                {
                    HasPyTorch = false;
                    throw;
                }
                break;
            case "torchsharp":
                UpdateRivals.Add(TorchSharp());
                break;
            case PlainKernels:
                UpdateRivals.Add((Accelerator ?? _scope.Keep(AcceleratorBench.Open("ilgpu-cpu", flushes: false))).PlainKernels(Accelerator is null));
                break;
            default:
                UpdateRivals.Add(new ScalarRival());
                break;
        }
    }

    private static IUpdateRival TorchSharp()
    {
        if (Libtorch.Failure is { } failure)
            throw new InvalidOperationException($"libtorch must load for TorchSharp to run. It did not: {failure}");
        return Make();

        // Compiled once libtorch is known to load.
        [MethodImpl(MethodImplOptions.NoInlining)]
        static IUpdateRival Make() => new TorchSharpRival();
    }
}
