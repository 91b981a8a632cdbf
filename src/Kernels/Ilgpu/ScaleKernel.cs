using GpuOptim.Kernels.Norms;
using GpuOptim.Kernels.Scaling;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Takes the norm of what was accumulated, decides what is done to gradients, and moves the loss scale on; by one group of threads.</summary>
/// <typeparam name="TNorm">The norm.</typeparam>
internal static class ScaleKernel<TNorm> where TNorm : INorm
{
    /// <summary>A double's exponent bits, all ones.</summary>
    private const ulong InfinityBits = 0x7FF0_0000_0000_0000;

    /// <summary>Writes the check, and the next loss scale.</summary>
    /// <param name="sums">What is accumulated of each chunk.</param>
    /// <param name="requests">One: what is asked.</param>
    /// <param name="lossScale">The loss scale; not looked at if there is none.</param>
    /// <param name="result">The check.</param>
    public static void Run(
        ArrayView<double> sums, ArrayView<ScaleRequest> requests, ArrayView<LossScale> lossScale, ArrayView<GradientCheck> result)
    {
        var strands = SharedMemory.Allocate1D<double>(NormOrder.Strands);
        for (var strand = Group.IdxX; strand < NormOrder.Strands; strand += Group.DimX)
        {
            var sum = 0.0;
            for (long chunk = strand; chunk < sums.Length; chunk += NormOrder.Strands)
                sum = TNorm.Combine(sum, sums[chunk]);
            strands[strand] = sum;
        }
        var norm = TNorm.Finish(GpuNorm.Fold<TNorm>(strands));
        if (Group.IdxX != 0)
            return;
        var request = requests[0];
        var check = new GradientCheck { InverseScale = 1, Bit = request.Bit };
        if (request.IsScaled != 0)
        {
            var scale = lossScale[0];
            check.InverseScale = scale.InverseScale;
            // By its bits: ILGPU's compiler for OpenCL turns comparisons around as if there were no NaN.
            check.FoundInf = (Interop.FloatAsInt(norm) & InfinityBits) == InfinityBits ? 1 : 0;
            scale = scale.After(check.FoundInf != 0, request.Bit, request.Scaling);
            lossScale[0] = scale;
            check.FoundInfs = scale.FoundInfs;
        }
        check.Norm = norm * check.InverseScale;
        check.ClipCoefficient = ClipFactor.Of<GpuFloats1>((float)check.Norm, request.MaxNorm).Value;
        result[0] = check;
    }
}
