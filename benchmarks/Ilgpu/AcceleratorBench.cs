using GpuOptim.Host.Ilgpu;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using Device = GpuOptim.Host.Device;

namespace GpuOptim.Benchmarks.Ilgpu;

/// <summary>An accelerator of ILGPU's, with markers in its stream as a clock: on CUDA, events.</summary>
internal sealed class AcceleratorBench : IAccelerator
{
    private const long FlushBytes = 256 << 20;

    private readonly Context _context;
    private readonly Accelerator _accelerator;
    private readonly MemoryBuffer1D<byte, Stride1D.Dense>? _flush;

    private AcceleratorBench(Context context, Accelerator accelerator)
    {
        _context = context;
        _accelerator = accelerator;
        Device = new IlgpuDevice(accelerator);
        _flush = accelerator is CudaAccelerator ? accelerator.Allocate1D<byte>(FlushBytes) : null;
    }

    public Device Device { get; }

    public string Description => _accelerator is CudaAccelerator cuda
        ? $"{cuda.Name}, {cuda.Architecture}, {cuda.NumMultiprocessors} multiprocessors at {cuda.ClockRate / 1e3:F0} MHz"
        : Device.Description;

    /// <remarks>Two transfers a clock.</remarks>
    public double? Bandwidth => _accelerator is CudaAccelerator cuda ? 2e3 * cuda.MemoryClockRate * cuda.MemoryBusWidth / 8 : null;

    /// <remarks>Source: NVIDIA's white papers of the architectures: dense bfloat16 products with float sums, a multiprocessor and clock.</remarks>
    public double? Flops => _accelerator is not CudaAccelerator cuda ? null : cuda.NumMultiprocessors * (cuda.ClockRate * 1e3) * (cuda.Architecture.Major, cuda.Architecture.Minor) switch
    {
        (8, 0) => 2048,
        (8, _) => 1024,
        (9, _) => 4096,
        (10, _) => 8192,
        _ => double.NaN,
    };

    /// <summary>Opens <c>cuda</c> or <c>ilgpu-cpu</c>.</summary>
    public static IAccelerator Open(string name)
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

    public IWorkload Timed(string name, Action work) => new Marked(this, name, work);

    public void Dispose()
    {
        Device.Dispose();
        _flush?.Dispose();
        _accelerator.Dispose();
        _context.Dispose();
    }

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
