using System.Runtime.InteropServices;
using TorchSharp;

namespace GpuOptim.TorchSharp;

/// <summary>Where a tensor's numbers lie, and what optimizers ask of it.</summary>
internal static unsafe class TensorMemory
{
    // TorchSharp itself has no address of a tensor that holds for every device, element type and size, and allocates nothing; its native library has.
    private static readonly delegate* unmanaged<nint, nint> _dataPointer =
        (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, null), "THSTensor_data");

    /// <summary>The address of a tensor's first number; that of an empty tensor is 0.</summary>
    public static nint AddressOf(torch.Tensor tensor)
    {
        var address = _dataPointer(tensor.Handle);
        if (address == 0)
            torch.CheckForErrors();
        return address;
    }

    /// <summary>The element type of parameters that a tensor's is; null if they have none like it.</summary>
    public static ElementType? TypeOf(torch.Tensor tensor) => tensor.dtype switch
    {
        torch.ScalarType.Float32 => ElementType.Float32,
        torch.ScalarType.BFloat16 => ElementType.BFloat16,
        torch.ScalarType.Float16 => ElementType.Float16,
        _ => null,
    };

    /// <summary>Refuses a tensor whose numbers do not lie one behind the other.</summary>
    /// <param name="what">What it is, for the message.</param>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="NotSupportedException">They do not.</exception>
    public static void ThrowIfScattered(string what, torch.Tensor tensor)
    {
        if (tensor.is_sparse)
            throw new NotSupportedException($"{what} must be dense. It is sparse; make it so by to_dense(), or have it made dense: Embedding(…, sparse: false), say.");
        if (!tensor.is_contiguous())
            throw new NotSupportedException($"{what} must be contiguous. Actual shape and strides were {Describe(tensor.shape)} and {Describe(tensor.stride())}; assign tensor.contiguous().");
    }

    public static string Describe(long[] shape) => $"[{string.Join(", ", shape)}]";
}
