using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Ilgpu.OpenCL;
using GpuOptim.Kernels.Rules;
using ILGPU;
using ILGPU.Runtime;

namespace GpuOptim.Host.Ilgpu.OpenCL;

/// <summary>Enqueues an <see cref="OpenCLUpdateKernel{TRule, TElement, TGradient, TState, TCompute}"/>.</summary>
internal delegate void OpenCLUpdateLauncher<TRule>(
    AcceleratorStream stream,
    KernelConfig config,
    ArrayView<GpuChunk> chunks,
    OpenCLPlace parameter,
    OpenCLPlace gradient,
    OpenCLPlace state0,
    OpenCLPlace state1,
    OpenCLPlace state2,
    OpenCLPlace average,
    long length,
    ArrayView<long> gradients,
    ArrayView<int> ruleIndices,
    ArrayView<TRule> rules,
    ArrayView<AverageRule> averages) where TRule : unmanaged;
