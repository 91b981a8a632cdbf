using System.Diagnostics;
using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Rivals;
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

    private readonly Context _context;
    private readonly Accelerator _accelerator;
    private readonly MemoryBuffer1D<byte, Stride1D.Dense>? _flush;

    private AcceleratorBench(Context context, Accelerator accelerator, bool flushes)
    {
        _context = context;
        _accelerator = accelerator;
        Device = new IlgpuDevice(accelerator);
        _flush = flushes && accelerator is CudaAccelerator ? accelerator.Allocate1D<byte>(FlushBytes) : null;
    }

    /// <summary>Its device.</summary>
    public Device Device { get; }

    /// <summary>What it is, for people.</summary>
    public string Description => _accelerator is CudaAccelerator cuda ? $"{cuda.Name}, {cuda.Architecture}, {cuda.NumMultiprocessors} multiprocessors" : Device.Description;

    /// <summary>Opens <c>cuda</c> or <c>ilgpu-cpu</c>.</summary>
    /// <param name="name">Which.</param>
    /// <param name="flushes">Whether a card's cache is flushed before each work.</param>
    public static AcceleratorBench Open(string name, bool flushes)
    {
        if (name == "cuda")
        {
            var context = Context.Create(builder => builder.Cuda().Profiling());
            return context.GetCudaDevices().Count > 0
                ? new AcceleratorBench(context, context.CreateCudaAccelerator(0), flushes)
                : throw new InvalidOperationException("There is no CUDA device. ilgpu-cpu runs the same kernels, slowly.");
        }
        var cpu = Context.Create(builder => builder.CPU(new CPUDevice(2, 2, Environment.ProcessorCount)).Profiling());
        return new AcceleratorBench(cpu, cpu.CreateCPUAccelerator(0), flushes);
    }

    /// <summary>Work to time on the accelerator's own clock, a card with nothing in its caches if it flushes them.</summary>
    public IWorkload Timed(Action work) => new Marked(this, work);

    /// <summary>What the host takes to send work to the idle accelerator; it does not wait for it.</summary>
    public IWorkload Host(Action work) => new Sent(this, work);

    /// <summary>A copy of so many bytes; null if it says nothing, as on the CPU.</summary>
    public Entry? Copy(Scope scope, long bytes)
    {
        if (_accelerator is not CudaAccelerator)
            return null;
        var (source, destination) = (scope.Keep(_accelerator.Allocate1D<byte>(bytes)), scope.Keep(_accelerator.Allocate1D<byte>(bytes)));
        return Entry.Yardstick("copy", Timed(() => source.View.BaseView.CopyTo(_accelerator.DefaultStream, destination.View.BaseView)), new(Bytes: 2.0 * bytes));
    }

    /// <summary>Multiply-adds of bfloat16 in the registers of all tensor cores; null if there are none.</summary>
    public Entry? Peak(Scope scope)
    {
        if (_accelerator is not CudaAccelerator { Architecture: var architecture } || architecture < CudaArchitecture.SM_80)
            return null;
        // Enough groups that the last ones, which leave some multiprocessors idle, do not count.
        var groups = 64 * _accelerator.NumMultiprocessors;
        var result = scope.Keep(_accelerator.Allocate1D<float>(groups * (long)TensorPeakKernel.GroupSize));
        var launch = IlgpuKernels.Of(_accelerator).Get<Action<AcceleratorStream, KernelConfig, ArrayView<float>>>(TensorPeakKernel.Run, null);
        var flops = groups * TensorPeakKernel.FlopsPerGroup;
        return Entry.Yardstick("peak", Timed(() => launch(_accelerator.DefaultStream, new(groups, TensorPeakKernel.GroupSize), result.View)), new(Flops: flops, DenseFlops: flops));
    }

    /// <summary>The kernels that one writes first.</summary>
    /// <param name="onHostsClock">Whether to time them from call to result, beside others that the host runs.</param>
    public IUpdateRival PlainKernels(bool onHostsClock) => new PlainKernelRival(
        _accelerator,
        _accelerator is CudaAccelerator ? "ILGPU, plain kernel" : "ILGPU's CPU, plain kernel",
        onHostsClock ? Waited : Timed);

    public void Dispose()
    {
        Device.Dispose();
        _flush?.Dispose();
        _accelerator.Dispose();
        _context.Dispose();
    }

    private Workload Waited(Action work) => new(() =>
    {
        work();
        _accelerator.Synchronize();
    });

    private sealed class Marked(AcceleratorBench bench, Action work) : IWorkload
    {
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

    private sealed class Sent(AcceleratorBench bench, Action work) : IWorkload
    {
        public double Run(int repetitions)
        {
            var seconds = 0.0;
            for (var i = 0; i < repetitions; i++)
            {
                bench._accelerator.Synchronize();
                var start = Stopwatch.GetTimestamp();
                work();
                seconds += Ticks.SecondsSince(start);
            }
            bench._accelerator.Synchronize();
            return seconds / repetitions;
        }
    }
}
