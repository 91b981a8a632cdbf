namespace GpuOptim.Kernels.Ilgpu.Matrix.Small;

/// <summary>How a matrix in shared memory is read as an operand of a product, whose rows are those of the left operand and the columns of the right one.</summary>
internal interface IOperand
{
    /// <summary>Where a lane finds its line of the fragment at the first inner index.</summary>
    /// <param name="matrix">Where the matrix is.</param>
    /// <param name="row">The operand's first row, a multiple of 16 below 64.</param>
    /// <param name="isRight">Whether it is the right operand.</param>
    static abstract int Place(int matrix, int row, bool isRight);

    /// <summary>A warp's fragment of 16 rows by 16 inner indices, as <c>mma.m16n8k16</c> wants a left operand, or two of right ones.</summary>
    /// <param name="place">What <see cref="Place"/> says.</param>
    /// <param name="row">Rows behind those of the place; a multiple of 16.</param>
    /// <param name="depth">The first inner index; a multiple of 16.</param>
    static abstract UInt4 Load(int place, int row, int depth);
}
