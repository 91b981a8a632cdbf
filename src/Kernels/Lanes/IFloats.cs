namespace GpuOptim.Kernels.Lanes;

/// <summary>
/// One or more 32-bit floats worked on alike: arithmetic in which every operation rounds on its own, correctly, to nearest even; the
/// 16-bit formats; and memory. The hardware under a <see cref="Lane{TFloats, TFormat}"/>.
/// </summary>
/// <remarks>The 16-bit formats are members here, not built from smaller ones, because the compiler inlines only so many calls into a loop.</remarks>
/// <typeparam name="T">The implementation itself.</typeparam>
internal unsafe interface IFloats<T> where T : unmanaged, IFloats<T>
{
    /// <summary>How many floats there are.</summary>
    static abstract int Count { get; }

    static abstract T Create(float value);

    static abstract T Add(T a, T b);
    static abstract T Subtract(T a, T b);
    static abstract T Multiply(T a, T b);
    static abstract T Divide(T a, T b);
    static abstract T FusedMultiplyAdd(T a, T b, T c);
    static abstract T Sqrt(T a);
    static abstract T Negate(T a);

    /// <summary>sum = a * b + sum, fused; written in place, which spares the compiler a move in tight loops.</summary>
    static abstract void Accumulate(ref T sum, T a, T b);

    /// <summary>The larger of two; NaN if either is.</summary>
    static abstract T Max(T a, T b);

    /// <summary>1, -1, or 0 for zeros and NaN.</summary>
    static abstract T Sign(T a);

    /// <summary>The nearest bfloat16, ties to even; beyond the largest it is infinite, NaN stays NaN.</summary>
    static abstract T RoundToBFloat16(T a);

    /// <summary>The nearest binary16, ties to even; beyond the largest it is infinite, NaN stays NaN.</summary>
    static abstract T RoundToFloat16(T a);

    // Memory, aligned to the element only. What is stored in a 16-bit format must be a number of that format already.
    static abstract T Load(float* source);
    static abstract void Store(T value, float* destination);
    static abstract T LoadBFloat16(ushort* source);
    static abstract void StoreBFloat16(T value, ushort* destination);
    static abstract T LoadFloat16(ushort* source);
    static abstract void StoreFloat16(T value, ushort* destination);
}
