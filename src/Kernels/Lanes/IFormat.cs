namespace GpuOptim.Kernels.Lanes;

/// <summary>
/// An element type as the kernels see it: how its numbers become floats, how floats become its numbers, and what rounding to it means.
/// </summary>
internal unsafe interface IFormat
{
    /// <summary>The element type that lies in memory.</summary>
    static abstract ElementType Type { get; }

    /// <summary>Bytes from one element to the next.</summary>
    static abstract int Size { get; }

    /// <summary>Each float rounded to the nearest number of this type, ties to even; beyond the largest it is infinite, NaN stays NaN.</summary>
    static abstract T Round<T>(in T value) where T : unmanaged, IFloats<T>;

    /// <summary>Consecutive elements as floats. Exact.</summary>
    static abstract T Load<T>(void* source) where T : unmanaged, IFloats<T>;

    /// <summary>Stores floats that are numbers of this type already (see <see cref="Round"/>). Exact.</summary>
    static abstract void Store<T>(in T value, void* destination) where T : unmanaged, IFloats<T>;

    /// <summary>Stores each float rounded to the nearest number of this type, on a CPU.</summary>
    static abstract void StoreRounded<T>(in T value, void* destination) where T : unmanaged, IVector<T>;
}
