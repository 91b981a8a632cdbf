namespace GpuOptim.Kernels.Simd;

/// <summary>Memory of a thread's own for intermediate results, kept from one use to the next and grown when needed.</summary>
internal sealed unsafe class Scratch
{
    [ThreadStatic]
    private static Scratch? _current;

    private readonly NativeBlock?[] _blocks = new NativeBlock?[6];

    private Scratch()
    {
    }

    /// <summary>Sums of a block of a matrix product.</summary>
    public static float* Block(long floats) => (float*)Get(0, floats * sizeof(float));

    /// <summary>The packed left matrix of a product.</summary>
    public static float* Left(long floats) => (float*)Get(1, floats * sizeof(float));

    /// <summary>The packed right matrix of a product.</summary>
    public static float* Right(long floats) => (float*)Get(2, floats * sizeof(float));

    /// <summary>The matrices of a Newton-Schulz iteration.</summary>
    public static void* Matrices(long bytes) => Get(3, bytes);

    /// <summary>Sums of stretches of a long sum.</summary>
    public static double* Sums(long doubles) => (double*)Get(4, doubles * sizeof(double));

    /// <summary>Numbers that are encoded in memory.</summary>
    public static float* Decoded(long floats) => (float*)Get(5, floats * sizeof(float));

    private static void* Get(int slot, long bytes)
    {
        ref var block = ref (_current ??= new Scratch())._blocks[slot];
        if (block is null || block.Bytes < bytes)
        {
            // The old one makes room first, and is gone if there is none.
            block?.Dispose();
            block = null;
            block = new NativeBlock(bytes);
        }
        return (void*)block.Address;
    }
}
