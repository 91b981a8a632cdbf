namespace GpuOptim.Kernels.Simd.Matrix.Dot;

/// <summary>What runs along the panels of a <see cref="DotTile{TLoop}"/>.</summary>
internal unsafe interface IDotLoop
{
    /// <summary>
    /// Sums as the processor's bfloat16 dot instruction does: to each sum the product of a pair's odd numbers, then that of its even ones, each
    /// time rounded to the nearest float; what is subnormal is taken for zero, and becomes it.
    /// </summary>
    static abstract void Run(DotBlock* block);
}
