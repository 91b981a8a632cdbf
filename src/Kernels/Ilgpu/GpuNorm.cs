using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Norms;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>What kernels share of <see cref="NormOrder"/>.</summary>
internal static unsafe class GpuNorm
{
    /// <summary>Accumulates numbers, at most a chunk of them, in the strands of a group, in shared memory.</summary>
    /// <param name="strands">The strands.</param>
    /// <param name="numbers">Where numbers begin.</param>
    /// <param name="start">The first of these.</param>
    /// <param name="end">The one behind the last.</param>
    public static void Accumulate<TFormat, TNorm>(ArrayView<double> strands, long numbers, long start, long end)
        where TFormat : IFormat
        where TNorm : INorm
    {
        for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
        {
            double sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
            for (var i = start + strand * NormOrder.QuadLength; i < end; i += NormOrder.Strands * NormOrder.QuadLength)
            {
                if (numbers % 16 == 0 && i + NormOrder.QuadLength <= end)
                {
                    var four = TFormat.Load<GpuFloats4>((void*)(numbers + i * TFormat.Size)).ToFloat4();
                    sum0 = TNorm.Accumulate(sum0, four.X);
                    sum1 = TNorm.Accumulate(sum1, four.Y);
                    sum2 = TNorm.Accumulate(sum2, four.Z);
                    sum3 = TNorm.Accumulate(sum3, four.W);
                    continue;
                }
                sum0 = TNorm.Accumulate(sum0, At<TFormat>(numbers, i));
                if (i + 1 < end)
                    sum1 = TNorm.Accumulate(sum1, At<TFormat>(numbers, i + 1));
                if (i + 2 < end)
                    sum2 = TNorm.Accumulate(sum2, At<TFormat>(numbers, i + 2));
                if (i + 3 < end)
                    sum3 = TNorm.Accumulate(sum3, At<TFormat>(numbers, i + 3));
            }
            strands[strand] = TNorm.Combine(TNorm.Combine(sum0, sum2), TNorm.Combine(sum1, sum3));
        }
    }

    /// <summary>Folds the strands of a group, in shared memory; every thread gets what they make.</summary>
    public static double Fold<TNorm>(ArrayView<double> strands) where TNorm : INorm
    {
        int thread = Group.IdxX, threads = Group.DimX;
        for (var half = NormOrder.Strands / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            for (var strand = thread; strand < half; strand += threads)
                strands[strand] = TNorm.Combine(strands[strand], strands[strand + half]);
        }
        Group.Barrier();
        return strands[0];
    }

    /// <summary>What a matrix is divided by, <c>max(round(scale * norm), round(epsilon))</c>.</summary>
    /// <param name="strands">Strands in shared memory.</param>
    /// <param name="sums">The sums of squares of chunks, matrix after matrix.</param>
    /// <param name="matrix">Which matrix it is.</param>
    /// <param name="length">Its elements.</param>
    /// <param name="scale">Factor of the norm.</param>
    /// <param name="epsilon">The least divisor.</param>
    public static float Divisor<TFormat>(ArrayView<double> strands, ArrayView<double> sums, int matrix, long length, double scale, float epsilon) where TFormat : IFormat
    {
        var chunks = (length + NormOrder.ChunkLength - 1) / NormOrder.ChunkLength;
        for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
        {
            var sum = 0.0;
            for (long chunk = strand; chunk < chunks; chunk += NormOrder.Strands)
                sum += sums[matrix * chunks + chunk];
            strands[strand] = sum;
        }
        var norm = TFormat.Round(GpuFloats1.Create((float)(scale * Math.Sqrt(Fold<TwoNorm>(strands)))));
        var least = TFormat.Round(GpuFloats1.Create(epsilon));
        return norm.Value < least.Value ? least.Value : norm.Value;
    }

    /// <summary>Accumulates numbers that are no part of something longer, by one group; every thread gets what they make.</summary>
    /// <param name="strands">Strands in shared memory.</param>
    /// <param name="chunkStrands">As many more.</param>
    /// <param name="numbers">Where numbers begin.</param>
    /// <param name="length">How many there are.</param>
    public static double Sum<TFormat, TNorm>(ArrayView<double> strands, ArrayView<double> chunkStrands, long numbers, int length)
        where TFormat : IFormat
        where TNorm : INorm
    {
        if (length <= NormOrder.ChunkLength)
        {
            Accumulate<TFormat, TNorm>(strands, numbers, 0, length);
            return Fold<TNorm>(strands);
        }
        for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
            chunkStrands[strand] = 0;
        for (var chunk = 0; chunk * (long)NormOrder.ChunkLength < length; chunk++)
        {
            // The strands are read until here.
            Group.Barrier();
            var start = chunk * (long)NormOrder.ChunkLength;
            Accumulate<TFormat, TNorm>(strands, numbers, start, IntrinsicMath.Min(start + NormOrder.ChunkLength, length));
            var sum = Fold<TNorm>(strands);
            if (Group.IdxX == 0)
                chunkStrands[chunk % NormOrder.Strands] = TNorm.Combine(chunkStrands[chunk % NormOrder.Strands], sum);
        }
        return Fold<TNorm>(chunkStrands);
    }

    private static float At<TFormat>(long numbers, long i) where TFormat : IFormat => TFormat.Load<GpuFloats1>((void*)(numbers + i * TFormat.Size)).Value;
}
