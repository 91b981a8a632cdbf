using GpuOptim.Kernels.Rules;
using GpuOptim.Kernels.Scaling;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Completes what the host sent for a step with what only the device knows: a <see cref="GradientCheck"/>. By one group of threads.</summary>
internal static unsafe class CompleteStepKernel
{
    /// <summary>
    /// Writes factors into rules, which are <see cref="TransformedRule{TRule}"/>; moves tensors to the rule that is as far behind theirs as pending steps
    /// were skipped; and if this step is skipped, takes their gradients away.
    /// </summary>
    /// <param name="rules">Address of the first rule.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="gradients">Address of each tensor's gradient.</param>
    /// <param name="ruleIndices">For each tensor, the index of its rule.</param>
    /// <param name="pending">For each tensor, the bits of steps that may have been skipped; empty if there are none.</param>
    /// <param name="result">The check.</param>
    public static void Run(
        long rules, int stride, int count, ArrayView<long> gradients, ArrayView<int> ruleIndices, ArrayView<ulong> pending, ArrayView<GradientCheck> result)
    {
        var check = result[0];
        int thread = Group.IdxX, threads = Group.DimX;
        for (var i = thread; i < count; i += threads)
        {
            var rule = (float*)(rules + i * (long)stride);
            Ptx.StoreOne(rule, check.InverseScale);
            Ptx.StoreOne(rule + 1, check.ClipCoefficient);
        }
        for (var i = thread; i < pending.Length; i += threads)
            ruleIndices[i] += IntrinsicMath.BitOperations.PopCount(pending[i] & check.FoundInfs);
        if (check.FoundInf != 0)
        {
            for (var i = thread; i < gradients.Length; i += threads)
                gradients[i] = 0;
        }
    }
}
