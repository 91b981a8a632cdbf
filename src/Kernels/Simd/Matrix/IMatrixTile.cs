namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>
/// The innermost part of a matrix product: a block of the result small enough to stay in registers. Which one runs is chosen at start-up.
/// </summary>
internal unsafe interface IMatrixTile
{
    /// <summary>Rows of the block; divides <see cref="Columns"/>.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns of the block, and the width of the panels that it reads: see <see cref="Panels{TTile, TFloats, TFormat}"/>.</summary>
    static abstract int Columns { get; }

    /// <summary>Whether panels hold bfloat16 in pairs, as <see cref="PairPanels"/> packs them, and not floats.</summary>
    static virtual bool TakesPairs => false;

    /// <summary>
    /// Sums products in the order in which the panels hold the inner index: <c>result[i, j] = start[i, j] + Σ left[k, i] * right[k, j]</c>.
    /// </summary>
    /// <param name="left">Panel of the left matrix's rows, at the first row of the block.</param>
    /// <param name="right">Panel of the right matrix's columns.</param>
    /// <param name="depth">Length of the sums.</param>
    /// <param name="start">What the sums start from; null for zero.</param>
    /// <param name="result">The block.</param>
    /// <param name="stride">Elements from one row of <paramref name="start"/> and <paramref name="result"/> to the next.</param>
    /// <param name="add">Whether the finished sums are added to what is in <paramref name="result"/>, or replace it.</param>
    /// <param name="columns">How many columns are asked for, from the first; others may be computed or not.</param>
    /// <param name="ahead">What to ask memory for meanwhile.</param>
    static abstract void Multiply(float* left, float* right, nint depth, float* start, float* result, nint stride, bool add, int columns, ref PanelPrefetch ahead);
}
