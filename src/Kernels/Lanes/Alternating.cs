namespace GpuOptim.Kernels.Lanes;

/// <summary>One half has the even elements, the other the odd: where all that is loaded and stored is bfloat16.</summary>
internal readonly struct Alternating : IPairOrder
{
    public static bool Alternates => true;
}
