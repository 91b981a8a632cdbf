using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd.Matrix.Dot;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>Chooses the innermost tile of matrix products for a vector width; only what is asked for is ever compiled.</summary>
internal static class MatrixKernels
{
    /// <summary>The matrix operations of Newton-Schulz on the CPU.</summary>
    /// <param name="workers">The threads that share each operation.</param>
    /// <param name="vectorBits">Vector width.</param>
    /// <param name="elementType">The matrices' element type.</param>
    public static IMatrixOps Create(Workers workers, int vectorBits, ElementType elementType) => vectorBits switch
    {
        512 when elementType == ElementType.BFloat16 && HardwareDot.IsChosen => DotMatrixOps.Create<HardwareDot>(workers),
        512 => Create<MatrixTile16, Floats16>(workers, elementType),
        256 => Create<MatrixTile4<Floats8>, Floats8>(workers, elementType),
        128 => Create<MatrixTile4<Floats4>, Floats4>(workers, elementType),
        _ => Create<MatrixTile2<Floats1>, Floats1>(workers, elementType),
    };

    private static IMatrixOps Create<TTile, TFloats>(Workers workers, ElementType elementType)
        where TTile : IMatrixTile
        where TFloats : unmanaged, IFloats<TFloats> => elementType switch
        {
            ElementType.Float32 => new SimdMatrixOps<TTile, TFloats, Float32Format>(workers),
            ElementType.BFloat16 => new SimdMatrixOps<TTile, TFloats, BFloat16Format>(workers),
            _ => new SimdMatrixOps<TTile, TFloats, Float16Format>(workers),
        };
}
