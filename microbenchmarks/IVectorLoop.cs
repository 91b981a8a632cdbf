using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Microbenchmarks;

/// <summary>A loop that is compiled for each vector width.</summary>
internal interface IVectorLoop
{
    void Run<TFloats>() where TFloats : unmanaged, IRegister<TFloats>;
}
