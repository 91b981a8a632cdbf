using System.Diagnostics;
using GpuOptim.Host.Ilgpu;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using Device = GpuOptim.Host.Device;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>An accelerator of ILGPU's, with markers in its stream as a clock: on CUDA, events.</summary>
internal sealed class AcceleratorBench : IDisposable
{
    private const long FlushBytes = 256 << 20;
    private const long CopyBytes = 512 << 20;
    private const int HostSteps = 15;

    private readonly Context _context;
    private readonly Accelerator _accelerator;
    private readonly MemoryBuffer1D<byte, Stride1D.Dense>? _flush;

    private AcceleratorBench(Context context, Accelerator accelerator)
    {
        _context = context;
        _accelerator = accelerator;
        Device = new IlgpuDevice(accelerator);
        if (accelerator is not CudaAccelerator { Architecture: var architecture })
            return;
        _flush = accelerator.Allocate1D<byte>(FlushBytes);
        Bandwidth = MeasureCopy();
        Flops = architecture >= CudaArchitecture.SM_80 ? MeasureTensorCores() : null;
    }

    /// <summary>Its device.</summary>
    public Device Device { get; }

    /// <summary>What it is, for people.</summary>
    public string Description => _accelerator is CudaAccelerator cuda ? $"{cuda.Name}, {cuda.Architecture}, {cuda.NumMultiprocessors} multiprocessors" : Device.Description;

    /// <summary>Bytes a second that a copy of its memory reads and writes, measured; null if that says nothing.</summary>
    public double? Bandwidth { get; }

    /// <summary>Operations a second of bfloat16 <c>mma.sync</c> in registers alone, measured, a multiply-add counted as two; null if there are no tensor cores.</summary>
    public double? Flops { get; }

    /// <summary>Opens <c>cuda</c> or <c>ilgpu-cpu</c>.</summary>
    public static AcceleratorBench Open(string name)
    {
        if (name == "cuda")
        {
            var context = Context.Create(builder => builder.Cuda().Profiling());
            return context.GetCudaDevices().Count > 0
                ? new AcceleratorBench(context, context.CreateCudaAccelerator(0))
                : throw new InvalidOperationException("There is no CUDA device. ilgpu-cpu runs the same kernels, slowly.");
        }
        var cpu = Context.Create(builder => builder.CPU(new CPUDevice(2, 2, Environment.ProcessorCount)).Profiling());
        return new AcceleratorBench(cpu, cpu.CreateCPUAccelerator(0));
    }

    /// <summary>Work to time on the accelerator's own clock, each time with nothing in its caches.</summary>
    public IWorkload Timed(string name, Action work) => new Marked(this, name, work);

    /// <summary>Seconds that the host takes to send work to the idle accelerator; it does not wait for it.</summary>
    public double HostSeconds(Action work)
    {
        var seconds = new double[HostSteps];
        for (var i = 0; i < seconds.Length; i++)
        {
            _accelerator.Synchronize();
            var start = Stopwatch.GetTimestamp();
            work();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        _accelerator.Synchronize();
        return new Measurement("host", seconds).Median;
    }

    public void Dispose()
    {
        Device.Dispose();
        _flush?.Dispose();
        _accelerator.Dispose();
        _context.Dispose();
    }

    private double MeasureCopy()
    {
        using var source = _accelerator.Allocate1D<byte>(CopyBytes);
        using var destination = _accelerator.Allocate1D<byte>(CopyBytes);
        return 2.0 * CopyBytes / Median(Timed("copy", () => source.View.BaseView.CopyTo(_accelerator.DefaultStream, destination.View.BaseView)));
    }

    private double MeasureTensorCores()
    {
        // Enough groups that the last ones, which leave some multiprocessors idle, do not count.
        var groups = 64 * _accelerator.NumMultiprocessors;
        using var result = _accelerator.Allocate1D<float>(groups * (long)TensorPeakKernel.GroupSize);
        var launch = IlgpuKernels.Of(_accelerator).Get<Action<AcceleratorStream, KernelConfig, ArrayView<float>>>(TensorPeakKernel.Run, null);
        return groups * TensorPeakKernel.FlopsPerGroup / Median(Timed("peak", () => launch(_accelerator.DefaultStream, new(groups, TensorPeakKernel.GroupSize), result.View)));
    }

    private static double Median(IWorkload workload) => Measurement.Interleave([workload], rounds: 5, secondsEach: 0.005)[0].Median;

    private sealed class Marked(AcceleratorBench bench, string name, Action work) : IWorkload
    {
        public string Name => name;

        public double Run(int repetitions)
        {
            var stream = bench._accelerator.DefaultStream;
            var seconds = 0.0;
            for (var i = 0; i < repetitions; i++)
            {
                bench._flush?.View.BaseView.MemSetToZero(stream);
                using var start = stream.AddProfilingMarker();
                work();
                using var end = stream.AddProfilingMarker();
                seconds += end.MeasureFrom(start).TotalSeconds;
            }
            return seconds / repetitions;
        }
    }
}
