namespace GpuOptim.Kernels.Lanes;

/// <summary>
/// One or more 32-bit floats worked on alike: arithmetic in which every operation rounds on its own, correctly, to nearest even; the
/// 16-bit formats; and memory. The hardware under a <see cref="Lane{TFloats, TFormat}"/>.
/// </summary>
/// <remarks>
/// The compiler inlines into a loop only until it has 512 locals. So the 16-bit formats are members here, not built from smaller ones, and
/// operands come by reference, which takes no local.
/// </remarks>
/// <typeparam name="T">The implementation itself.</typeparam>
internal unsafe interface IFloats<T> where T : unmanaged, IFloats<T>
{
    /// <summary>How many floats there are.</summary>
    static abstract int Count { get; }

    static abstract T Create(float value);

    static abstract T Add(in T a, in T b);
    static abstract T Subtract(in T a, in T b);
    static abstract T Multiply(in T a, in T b);
    static abstract T Divide(in T a, in T b);
    static abstract T FusedMultiplyAdd(in T a, in T b, in T c);
    static abstract T Sqrt(in T a);
    static abstract T Negate(in T a);

    /// <summary>sum = a * b + sum, fused; written in place, which spares the compiler a move in tight loops.</summary>
    static abstract void Accumulate(ref T sum, in T a, in T b);

    /// <summary>The larger of two; NaN if either is.</summary>
    static abstract T Max(in T a, in T b);

    /// <summary>1, -1, or 0 for zeros and NaN.</summary>
    static abstract T Sign(in T a);

    /// <summary>One number where a condition is below zero, another where it is not, or is NaN.</summary>
    static abstract T WhereNegative(in T condition, in T negative, in T otherwise);

    /// <summary>The nearest bfloat16, ties to even; beyond the largest it is infinite, NaN stays NaN.</summary>
    static abstract T RoundToBFloat16(in T a);

    /// <summary>The nearest binary16, ties to even; beyond the largest it is infinite, NaN stays NaN.</summary>
    static abstract T RoundToFloat16(in T a);

    // Memory, aligned to the element only. What is stored in a 16-bit format must be a number of that format already.
    static abstract T Load(float* source);
    static abstract void Store(in T value, float* destination);
    static abstract T LoadBFloat16(ushort* source);
    static abstract void StoreBFloat16(in T value, ushort* destination);
    static abstract T LoadFloat16(ushort* source);
    static abstract void StoreFloat16(in T value, ushort* destination);
}
