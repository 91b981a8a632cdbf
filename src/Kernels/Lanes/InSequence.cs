namespace GpuOptim.Kernels.Lanes;

/// <summary>The first half has the elements that come first.</summary>
internal readonly struct InSequence : IPairOrder
{
    public static bool Alternates => false;
}
