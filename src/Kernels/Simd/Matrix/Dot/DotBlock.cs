using System.Runtime.InteropServices;

namespace GpuOptim.Kernels.Simd.Matrix.Dot;

/// <summary>A block of a product, as <see cref="DotCode"/> reads it: <c>result[i, j] = start[i, j] + Σ left[k, i] * right[k, j]</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DotBlock
{
    /// <summary>Rows of the block.</summary>
    public const int Rows = 8;

    /// <summary>Columns of the block, and of the panels.</summary>
    public const int Columns = 32;

    /// <summary>Pairs of the panels, at the first row of the block and its first column.</summary>
    public float* Left, Right;

    /// <summary>How many pairs there are for a sum; one at least.</summary>
    public nint Pairs;

    /// <summary>What the sums start from; null for zero.</summary>
    public float* Start;

    /// <summary>The sums.</summary>
    public float* Result;

    /// <summary>Bytes from one row of <see cref="Start"/> and <see cref="Result"/> to the next.</summary>
    public nint StrideBytes;

    /// <summary>One if the sums are added to what is in <see cref="Result"/>; zero if they replace it.</summary>
    public nint Add;
}
