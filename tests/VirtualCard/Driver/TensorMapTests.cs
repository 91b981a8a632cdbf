using System.Runtime.InteropServices;

namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>Maps for tensor copies.</summary>
public sealed unsafe class TensorMapTests : DriverTest
{
    private const int Half = 6;

    private protected override string Architecture => "sm_90";

    [Test]
    public void AMapIsMade()
    {
        Good(Cuda.MemAlloc(out var memory, 64 * 128));
        Good(Encode(memory, 64, 64, 128));
        Good(Cuda.MemFree(memory));
        NothingReported();
    }

    [Test]
    public void TheArrayIsInOneAllocation()
    {
        Good(Cuda.MemAlloc(out var memory, 64 * 128));
        Bad(Encode(memory, 64, 65, 128), InvalidValue, "cuTensorMapEncodeTiled", "array", "128 bytes past the end");
        Good(Cuda.MemFree(memory));
        Bad(Encode(memory, 64, 64, 128), InvalidValue, "cuTensorMapEncodeTiled", "freed");
    }

    [Test]
    public void StridesAreMultiplesOfSixteen()
    {
        Good(Cuda.MemAlloc(out var memory, 64 * 256));
        Bad(Encode(memory, 64, 64, 136), InvalidValue, "cuTensorMapEncodeTiled", "multiples of 16");
        Good(Cuda.MemFree(memory));
    }

    private static int Encode(ulong memory, ulong columns, ulong rows, ulong stride)
    {
        var map = (byte*)NativeMemory.AlignedAlloc(128, 64);
        var extents = stackalloc ulong[] { columns, rows };
        var box = stackalloc uint[] { 64, 64 };
        var ones = stackalloc uint[] { 1, 1 };
        var result = Cuda.TensorMapEncodeTiled(map, Half, 2, memory, extents, &stride, box, ones, 0, 3, 0, 0);
        NativeMemory.AlignedFree(map);
        return result;
    }
}
