using GpuOptim.Kernels.Norms;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>What kernels share of <see cref="NormOrder"/>.</summary>
internal static class GpuNorm
{
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
}
