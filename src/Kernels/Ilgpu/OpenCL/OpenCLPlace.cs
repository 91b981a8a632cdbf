using ILGPU;
using ILGPU.IR.Intrinsics;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>
/// Where something lies, as an OpenCL kernel is told: the buffer, which the driver must see among the kernel's arguments, and bytes from its start. The
/// default value is nowhere.
/// </summary>
/// <remarks>The view is of the whole buffer: where a view begins, ILGPU tells an OpenCL kernel in 32 bits.</remarks>
/// <param name="buffer">The buffer.</param>
/// <param name="offset">Bytes from its start.</param>
internal readonly struct OpenCLPlace(ArrayView<byte> buffer, long offset)
{
    private readonly ArrayView<byte> _buffer = buffer;
    private readonly long _offset = offset;

    /// <summary>Within the kernel, the address; 0 of nowhere.</summary>
    public long Address => _buffer.Length == 0 ? 0 : AddressOf(ref _buffer[0]) + _offset;

    /// <summary>The address of something in global memory.</summary>
    [IntrinsicImplementation]
    public static long AddressOf(ref byte place) => throw new NotSupportedException();
}
