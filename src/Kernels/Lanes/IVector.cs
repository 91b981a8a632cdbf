namespace GpuOptim.Kernels.Lanes;

/// <summary>Floats in the registers of a CPU: what its loops need beyond arithmetic, in the form that takes the fewest instructions.</summary>
/// <remarks>
/// Rounding to 16 bits is integer arithmetic here, and a NaN whose lower bits are set could carry out of its exponent. NaNs that came of
/// 16-bit numbers, or that arithmetic made, have none set; others pass through <see cref="Quiet"/> first.
/// </remarks>
/// <typeparam name="T">The implementation itself.</typeparam>
internal unsafe interface IVector<T> : IFloats<T> where T : unmanaged, IVector<T>
{
    /// <summary>The same numbers, and for any NaN the one that has no lower bits set.</summary>
    static abstract T Quiet(in T a);

    /// <summary>Rounds to bfloat16 in the upper halves, and leaves anything in the lower, which a store drops.</summary>
    static abstract T CarryIntoBFloat16(in T a);

    /// <summary>Stores the nearest binary16.</summary>
    static abstract void StoreRoundedFloat16(in T value, ushort* destination);
}
