namespace GpuOptim.Kernels.Lanes;

/// <summary>One register of floats, of which a <see cref="Pair{T, TOrder}"/> has two.</summary>
/// <typeparam name="T">The implementation itself.</typeparam>
internal unsafe interface IRegister<T> : IVector<T> where T : unmanaged, IRegister<T>
{
    /// <summary>Stores the upper halves of one, then those of the other.</summary>
    static abstract void StoreBFloat16(in T first, in T second, ushort* destination);

    /// <summary>Twice as many bfloat16s as there are floats, every other one in each: one instruction a register. Exact.</summary>
    static abstract void LoadAlternating(ushort* source, out T even, out T odd);

    /// <summary>Stores the upper halves of both, in turn.</summary>
    static abstract void StoreAlternating(in T even, in T odd, ushort* destination);
}
