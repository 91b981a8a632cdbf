namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>Which matrices are orthogonalized in one launch, each by a group of threads, and what that takes.</summary>
internal static class SmallMatrices
{
    /// <summary>Threads of a group: four warps, each with 16 of each 64 rows of a result.</summary>
    public const int GroupSize = 128;

    /// <summary>The most rows and columns of a matrix: three such matrices are what shared memory of an RTX 4090 holds.</summary>
    public const int MaxExtent = 128;

    /// <summary>Bytes on whose multiples matrices begin in shared memory.</summary>
    public const int Alignment = 256;

    /// <summary>Bytes of shared memory for the largest matrices.</summary>
    public const int MaxSharedBytes = 3 * MaxExtent * MaxExtent * 2 + Alignment;

    /// <summary>Whether matrices are, on tensor cores.</summary>
    public static bool Takes(NewtonSchulzMethod method, ElementType workType, int rows, int columns) =>
        method == NewtonSchulzMethod.Standard && workType == ElementType.BFloat16 && Math.Max(rows, columns) <= MaxExtent;

    /// <summary>Whether 64 elements hold an extent.</summary>
    public static bool IsSmall(int extent) => extent <= 64;

    /// <summary>Bytes of shared memory: X, and what becomes X Xᵀ, the polynomial, and in place of X Xᵀ the next X.</summary>
    public static int SharedBytes<TRows, TColumns>()
        where TRows : struct, IExtent
        where TColumns : struct, IExtent => 3 * TRows.Elements * Lines<TColumns>.Bytes + Alignment;
}
