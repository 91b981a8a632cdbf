using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Rules;

/// <summary>Copies the gradient over the parameter, converting between element types.</summary>
internal readonly record struct CopyRule : IUpdateRule
{
    public static int StateCount => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T parameter, T gradient, ref T unused0, ref T unused1, ref T unused2) where T : struct, ILane<T> => parameter = gradient;
}
