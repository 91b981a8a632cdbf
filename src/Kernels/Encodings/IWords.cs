namespace GpuOptim.Kernels.Encodings;

/// <summary>Floats as their bits, one or several side by side: encodings are written once, for one number of a GPU's thread and for the CPU's vectors.</summary>
/// <typeparam name="T">The implementation itself.</typeparam>
internal unsafe interface IWords<T> where T : unmanaged, IWords<T>
{
    /// <summary>How many there are.</summary>
    static abstract int Count { get; }

    /// <summary>The same word everywhere.</summary>
    static abstract T Create(uint value);

    /// <summary>Loads floats.</summary>
    static abstract T Load(float* source);

    /// <summary>Stores floats.</summary>
    static abstract void Store(in T value, float* destination);

    /// <summary>Loads upper halves; the lower are zero.</summary>
    static abstract T LoadUpper(ushort* source);

    /// <summary>Loads lower halves; the upper are zero.</summary>
    static abstract T LoadLower(ushort* source);

    /// <summary>Loads lower halves; the upper repeat their sign.</summary>
    static abstract T LoadSigned(ushort* source);

    /// <summary>Stores the upper halves.</summary>
    static abstract void StoreUpper(in T value, ushort* destination);

    /// <summary>Stores the lower halves.</summary>
    static abstract void StoreLower(in T value, ushort* destination);

    /// <summary>The sum of integers; what does not fit is dropped.</summary>
    static abstract T Add(in T a, in T b);

    /// <summary>The sum of floats.</summary>
    static abstract T AddFloats(in T a, in T b);

    /// <summary>The difference of floats.</summary>
    static abstract T SubtractFloats(in T a, in T b);

    /// <summary>The same floats, and for any NaN the positive one that has no lower bits set.</summary>
    static abstract T Quiet(in T a);

    /// <summary>The same floats, but zero for infinities and NaN.</summary>
    static abstract T ZeroUnlessFinite(in T a);

    /// <summary>The nearest bfloat16s, ties to even, in the upper halves, and anything in the lower. A NaN must be one that <see cref="Quiet"/> gives.</summary>
    static abstract T RoundToUpper(in T a);

    /// <summary>The same with zeros in the lower halves.</summary>
    static abstract T ClearLower(in T a);
}
