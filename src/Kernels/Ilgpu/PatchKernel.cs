using GpuOptim.Kernels.Rules;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Writes a factor to where rules have theirs, see <see cref="ScaledRule{TRule}"/>.</summary>
internal static unsafe class PatchKernel
{
    /// <summary>Writes it to all rules.</summary>
    /// <param name="rules">Address of the first rule.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="result">What a <see cref="ScaleKernel{TNorm}"/> wrote.</param>
    public static void Run(long rules, int stride, int count, ArrayView<double> result)
    {
        for (var i = Group.IdxX; i < count; i += Group.DimX)
            Ptx.StoreOne((float*)(rules + i * (long)stride), (float)result[1]);
    }
}
