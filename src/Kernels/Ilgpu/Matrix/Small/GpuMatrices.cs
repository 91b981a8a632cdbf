namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>Matrices of bfloat16, without anything between their rows, to be overwritten.</summary>
/// <param name="matrices">The matrices.</param>
internal struct GpuMatrices(MatrixBatch matrices)
{
    /// <summary>The address of the first matrix.</summary>
    public long Address = matrices.Address;

    /// <summary>Extents of each.</summary>
    public int Rows = matrices.Rows, Columns = matrices.Columns;
}
