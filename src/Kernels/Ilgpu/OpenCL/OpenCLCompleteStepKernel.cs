using GpuOptim.Kernels.Scaling;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu.OpenCL;

/// <summary>A <see cref="CompleteStepKernel"/> of rules in a buffer.</summary>
internal static class OpenCLCompleteStepKernel
{
    public static void Run(
        OpenCLPlace rules, int stride, int count, ArrayView<long> gradients, ArrayView<int> ruleIndices, ArrayView<ulong> pending, ArrayView<GradientCheck> result) =>
        CompleteStepKernel.Run(rules.Address, stride, count, gradients, ruleIndices, pending, result);
}
