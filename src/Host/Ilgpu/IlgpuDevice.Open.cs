using GpuOptim.Host.Ilgpu.OpenCL;
using ILGPU;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace GpuOptim.Host.Ilgpu;

/// <content>Devices on accelerators of their own.</content>
public sealed partial class IlgpuDevice
{
    /// <summary>Opens an accelerator of its own: the first CUDA card, or where there is none ILGPU's CPU accelerator.</summary>
    /// <param name="options">How it works; as usual if null.</param>
    /// <remarks>With null the same as <see cref="Device.Open"/> of <c>ilgpu</c>.</remarks>
    /// <exception cref="NotSupportedException">Graphs are asked for, and the driver, older than CUDA 11.4, knows none.</exception>
    public static IlgpuDevice Open(IlgpuDeviceOptions? options = null) => CudaDescription is null ? OpenCpu(options ?? new()) : OpenCuda(options ?? new());

    /// <summary>
    /// Works in the primary context of a CUDA device, the one that CUDA's runtime works in, and with it most libraries: memory of <c>cudaMalloc</c>, streams and
    /// events are used where they are, see <see cref="Wrap{T}(nint, long)"/>, <see cref="WaitForEvent"/>, <see cref="RecordEvent"/>.
    /// </summary>
    /// <param name="index">The device's number, as <c>cudaSetDevice</c> takes it; from 0, less than there are devices.</param>
    /// <param name="stream">
    /// The stream that steps run on, in order with what else it is given: the handle, a <c>CUstream</c> or <c>cudaStream_t</c>, that the engine keeps as long as
    /// the device; 0, the legacy default stream, if there is none.
    /// </param>
    /// <param name="options">How it works; as usual if null.</param>
    /// <returns>A device that keeps the primary context until it is disposed of.</returns>
    /// <remarks>
    /// After <c>cudaDeviceReset</c>, which takes all of the context's memory with it, the device can only be disposed of. A stream that is captured by the
    /// engine cannot take steps.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is not a device's.</exception>
    /// <exception cref="ArgumentException"><paramref name="stream"/> is another device's, or not in its primary context.</exception>
    /// <exception cref="NotSupportedException">There is no CUDA device; or graphs are asked for, and the driver, older than CUDA 11.4, knows none.</exception>
    public static IlgpuDevice OpenPrimary(int index = 0, nint stream = 0, IlgpuDeviceOptions? options = null)
    {
        var primary = new PrimaryAccelerator(index);
        try
        {
            if (stream != 0)
                primary.ThrowIfForeign(stream);
            return new(primary.Accelerator, stream == 0 ? null : primary.Accelerator.CreateStream(stream, responsible: false), options ?? new(), [primary], primary);
        }
        catch
        {
            primary.Dispose();
            throw;
        }
    }

    /// <summary>What the first CUDA card is; null if there is none.</summary>
    internal static string? CudaDescription => _cuda.Value.FirstOrDefault()?.Description;

    /// <summary>The CUDA cards, in the driver's order.</summary>
    internal static IReadOnlyList<DeviceInfo> CudaDevices => _cuda.Value;

    /// <summary>What a card is opened by: <c>cuda</c> the first, <c>cuda:1</c> the second.</summary>
    internal static string NameOfCuda(int index) => index == 0 ? CudaName : $"{CudaName}:{index}";

    /// <summary>Why there is no CUDA card although there is a driver; null if there is one, or no driver.</summary>
    internal static string? CudaFailure => _cudaFailure.Value;

    /// <summary>A CUDA card.</summary>
    internal static IlgpuDevice OpenCuda(IlgpuDeviceOptions options, int index = 0)
    {
        using var thread = CudaThread.Keep();
        var context = Context.Create(builder => builder.Cuda());
        try
        {
            var accelerator = context.CreateCudaAccelerator(index);
            return new(accelerator, null, options, [accelerator, context]);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>What the first OpenCL device that can run the kernels is; null if there is none.</summary>
    internal static string? OpenCLDescription => _openCL.Value;

    /// <summary>The first OpenCL device that can run the kernels.</summary>
    internal static IlgpuDevice OpenOpenCL(IlgpuDeviceOptions options)
    {
        var context = Context.Create(builder => builder.OpenCL(device => OpenCLQueue.Missing(device) is null));
        var accelerator = context.CreateCLAccelerator(0);
        return new(accelerator, null, options, [accelerator, context]);
    }

    /// <summary>ILGPU's CPU accelerator.</summary>
    internal static IlgpuDevice OpenCpu(IlgpuDeviceOptions options)
    {
        var context = Context.Create(builder => builder.CPU(new CPUDevice(2, 2, Math.Max(1, Environment.ProcessorCount))));
        var accelerator = context.CreateCPUAccelerator(0);
        return new(accelerator, null, options, [accelerator, context]);
    }

    private static string DescribeOpenCL(ILGPU.Runtime.Device device) => $"{device.Name}, through OpenCL: unverified";
}
