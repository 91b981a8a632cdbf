namespace GpuOptim.Kernels.Lanes;

/// <summary>Floats in the registers of a CPU: what its loops need beyond arithmetic, in the form that takes the fewest instructions.</summary>
/// <remarks>
/// Rounding to 16 bits is integer arithmetic here, and a NaN with bits set below those that stay could carry out of its exponent. NaNs that came
/// of numbers of the same type, or that arithmetic made, have none; others pass through <see cref="Quiet"/> first: of floats, and of
/// binary16s where they become bfloat16s, which have fewer bits behind the exponent.
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
