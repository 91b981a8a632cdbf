using System.Runtime.CompilerServices;
using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Simd.Matrix;

/// <summary>A row of a tile's sums, two or three vectors in registers. How many of them are asked for is a constant: inlined, it leaves nothing of the others.</summary>
internal static unsafe class TileRow<TFloats> where TFloats : unmanaged, IFloats<TFloats>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Takes sums from memory.</summary>
    [MethodImpl(Inline)]
    public static void Load(int vectors, float* row, ref TFloats sum0, ref TFloats sum1)
    {
        sum0 = TFloats.Load(row);
        if (vectors > 1)
            sum1 = TFloats.Load(row + TFloats.Count);
    }

    /// <inheritdoc cref="Load(int, float*, ref TFloats, ref TFloats)"/>
    [MethodImpl(Inline)]
    public static void Load(int vectors, float* row, ref TFloats sum0, ref TFloats sum1, ref TFloats sum2)
    {
        Load(vectors, row, ref sum0, ref sum1);
        if (vectors > 2)
            sum2 = TFloats.Load(row + 2 * TFloats.Count);
    }

    /// <summary>Adds the products of a number of the left matrix with numbers of the right one.</summary>
    [MethodImpl(Inline)]
    public static void Accumulate(int vectors, in TFloats left, in TFloats right0, in TFloats right1, ref TFloats sum0, ref TFloats sum1)
    {
        TFloats.Accumulate(ref sum0, left, right0);
        if (vectors > 1)
            TFloats.Accumulate(ref sum1, left, right1);
    }

    /// <inheritdoc cref="Accumulate(int, in TFloats, in TFloats, in TFloats, ref TFloats, ref TFloats)"/>
    [MethodImpl(Inline)]
    public static void Accumulate(int vectors, in TFloats left, in TFloats right0, in TFloats right1, in TFloats right2, ref TFloats sum0, ref TFloats sum1, ref TFloats sum2)
    {
        Accumulate(vectors, left, right0, right1, ref sum0, ref sum1);
        if (vectors > 2)
            TFloats.Accumulate(ref sum2, left, right2);
    }

    /// <summary>Writes sums to memory, or adds them to what is there.</summary>
    [MethodImpl(Inline)]
    public static void Store(int vectors, in TFloats sum0, in TFloats sum1, float* row, bool add)
    {
        Store(sum0, row, add);
        if (vectors > 1)
            Store(sum1, row + TFloats.Count, add);
    }

    /// <inheritdoc cref="Store(int, in TFloats, in TFloats, float*, bool)"/>
    [MethodImpl(Inline)]
    public static void Store(int vectors, in TFloats sum0, in TFloats sum1, in TFloats sum2, float* row, bool add)
    {
        Store(vectors, sum0, sum1, row, add);
        if (vectors > 2)
            Store(sum2, row + 2 * TFloats.Count, add);
    }

    [MethodImpl(Inline)]
    private static void Store(in TFloats sum, float* place, bool add) => TFloats.Store(add ? TFloats.Add(TFloats.Load(place), sum) : sum, place);
}
