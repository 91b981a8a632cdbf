using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Divides each matrix of a batch by <c>max(round(scale * norm), round(epsilon))</c>, each quotient rounded.</summary>
/// <typeparam name="TRaw">The matrices' element type, and the divisor's.</typeparam>
/// <typeparam name="TFormat">The quotients' element type.</typeparam>
internal static unsafe class NormalizeKernel<TRaw, TFormat>
    where TRaw : IFormat
    where TFormat : IFormat
{
    /// <summary>Divides the group's share of a matrix, whose norm each group takes anew.</summary>
    /// <param name="division">The matrices.</param>
    /// <param name="groups">How many groups share a matrix.</param>
    /// <param name="sums">What a <see cref="MomentumKernel{TRule, TElement, TGradient, TState, TCompute}"/> summed: a sum for each chunk, matrix after matrix.</param>
    /// <param name="scale">Factor of the norm.</param>
    /// <param name="epsilon">The least divisor.</param>
    public static void Run(GpuDivision division, int groups, ArrayView<double> sums, double scale, float epsilon)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        var matrix = Grid.IdxX / groups;
        var length = division.Length;
        var divisor = GpuNorm.Divisor<TRaw>(strands, sums, matrix, length, scale, epsilon);

        var source = division.Source + matrix * division.SourceLength * TRaw.Size;
        var result = division.Result + matrix * division.ResultLength * TFormat.Size;
        var thread = (Grid.IdxX - matrix * groups) * (long)Group.DimX + Group.IdxX;
        var threads = groups * (long)Group.DimX;
        var i = thread;
        if (division.Stride == division.Columns && (source | result) % 16 == 0)
        {
            var wide = TFormat.Size == 2 ? 8 : 4;
            for (i = thread * wide; i <= length - wide; i += threads * wide)
            {
                if (TFormat.Size == 2)
                    Divide<GpuFloats8>(source, i, result, i, divisor);
                else
                    Divide<GpuFloats4>(source, i, result, i, divisor);
            }
            i = length - length % wide + thread;
        }
        for (; i < length; i += threads)
            Divide<GpuFloats1>(source, i, result, i + i / division.Columns * (division.Stride - division.Columns), divisor);
    }

    private static void Divide<TFloats>(long source, long i, long result, long j, float divisor) where TFloats : unmanaged, IFloats<TFloats> =>
        TFormat.Store(TFormat.Round(TFloats.Divide(TRaw.Load<TFloats>((void*)(source + i * TRaw.Size)), TFloats.Create(divisor))), (void*)(result + j * TFormat.Size));
}
