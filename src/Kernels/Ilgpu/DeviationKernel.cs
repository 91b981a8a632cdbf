using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>The largest size of an element of A - I, for each square matrix of a batch; NaN if there is one. A group for each matrix.</summary>
/// <typeparam name="TFormat">The matrices' element type.</typeparam>
internal static unsafe class DeviationKernel<TFormat> where TFormat : IFormat
{
    /// <param name="matrices">The matrices; results are floats, one for each.</param>
    public static void Run(GpuIdentity matrices)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var matrix = matrices.Source + Grid.IdxX * matrices.Length * TFormat.Size;
        for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
        {
            var largest = 0.0;
            for (var row = 0; row < matrices.Order; row++)
            {
                for (var column = strand; column < matrices.Order; column += NormOrder.Strands)
                {
                    var number = TFormat.Load<GpuFloats1>((void*)(matrix + (row * (long)matrices.Stride + column) * TFormat.Size)).Value;
                    largest = MaxNorm.Accumulate(largest, row == column ? number - 1.0 : number);
                }
            }
            strands[strand] = largest;
        }
        var deviation = GpuNorm.Fold<MaxNorm>(strands);
        if (Group.IdxX == 0)
            *(float*)(matrices.Result + Grid.IdxX * sizeof(float)) = (float)deviation;
    }
}
