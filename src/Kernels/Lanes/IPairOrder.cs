namespace GpuOptim.Kernels.Lanes;

/// <summary>Which elements each half of a <see cref="Pair{T, TOrder}"/> holds. Arithmetic does not mind, if all operands are alike.</summary>
internal interface IPairOrder
{
    /// <summary>Whether bfloat16s, and they alone, take turns; else the first half has those that come first.</summary>
    static abstract bool Alternates { get; }
}
