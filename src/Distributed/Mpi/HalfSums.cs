using System.Runtime.InteropServices;

namespace GpuOptim.Distributed.Mpi;

/// <summary>Sums of two-byte numbers, which MPI does not know: each pair is added in float32 and rounded once, to the nearest, as their exact sum would be.</summary>
internal static unsafe class HalfSums
{
    /// <summary>What MPI calls for float16.</summary>
    public static delegate* unmanaged<void*, void*, int*, void*, void> Float16 => &AddFloat16;

    /// <summary>What MPI calls for bfloat16.</summary>
    public static delegate* unmanaged<void*, void*, int*, void*, void> BFloat16 => &AddBFloat16;

    [UnmanagedCallersOnly]
    private static void AddFloat16(void* source, void* destination, int* length, void* type)
    {
        var from = new ReadOnlySpan<Half>(source, *length);
        var to = new Span<Half>(destination, *length);
        for (var i = 0; i < to.Length; i++)
            to[i] = (Half)((float)from[i] + (float)to[i]);
    }

    [UnmanagedCallersOnly]
    private static void AddBFloat16(void* source, void* destination, int* length, void* type)
    {
        var from = new ReadOnlySpan<BFloat16>(source, *length);
        var to = new Span<BFloat16>(destination, *length);
        for (var i = 0; i < to.Length; i++)
            to[i] = (BFloat16)((float)from[i] + to[i]);
    }
}
