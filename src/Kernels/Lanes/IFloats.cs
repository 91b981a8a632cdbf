namespace GpuOptim.Kernels.Lanes;

/// <summary>
/// One or more 32-bit floats worked on alike: arithmetic in which every operation rounds on its own, correctly, to nearest even;
/// their representation; and memory. The hardware under a <see cref="Lane{TFloats, TFormat}"/>.
/// </summary>
/// <typeparam name="T">The implementation itself.</typeparam>
internal unsafe interface IFloats<T> where T : unmanaged, IFloats<T>
{
    /// <summary>How many floats there are.</summary>
    static abstract int Count { get; }

    static abstract T Create(float value);

    // Arithmetic.
    static abstract T Add(T a, T b);
    static abstract T Subtract(T a, T b);
    static abstract T Multiply(T a, T b);
    static abstract T Divide(T a, T b);
    static abstract T FusedMultiplyAdd(T a, T b, T c);
    static abstract T Sqrt(T a);

    /// <summary>The larger of two; NaN if either is.</summary>
    static abstract T Max(T a, T b);

    // The representation, taken as 32-bit integers.
    static abstract T CreateBits(uint bits);
    static abstract T And(T a, T b);
    static abstract T Or(T a, T b);
    static abstract T AddBits(T a, T b);
    static abstract T SubtractBits(T a, T b);
    static abstract T ShiftLeft(T a, int count);
    static abstract T ShiftRight(T a, int count);

    /// <summary>The float nearest to each signed integer.</summary>
    static abstract T BitsToFloat(T a);

    // Comparisons give all ones where true, all zeros where false; NaN is neither less than nor equal to anything.
    static abstract T LessThan(T a, T b);
    static abstract T Equal(T a, T b);
    static abstract T Select(T condition, T whenTrue, T whenFalse);

    // Memory, aligned to the element only.
    static abstract T Load(float* source);
    static abstract void Store(T value, float* destination);

    /// <summary>16-bit integers, each zero-extended to the representation of a float.</summary>
    static abstract T LoadBits16(ushort* source);

    /// <summary>The lower 16 bits of each representation; the upper ones must be zero.</summary>
    static abstract void StoreBits16(T value, ushort* destination);
}
