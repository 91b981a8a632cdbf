namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>An extent of matrices in shared memory: a number that the compiler knows.</summary>
internal interface IExtent
{
    /// <summary>The number, 64 or 128.</summary>
    static abstract int Elements { get; }
}
