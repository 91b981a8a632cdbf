using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Lanes;

/// <summary>Two vectors worked on alike, so that a loop does twice as much each time round.</summary>
/// <typeparam name="T">One of them.</typeparam>
/// <typeparam name="TOrder">Which elements each holds.</typeparam>
internal unsafe struct Pair<T, TOrder> : IVector<Pair<T, TOrder>>
    where T : unmanaged, IRegister<T>
    where TOrder : IPairOrder
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    // Set one by one, without a constructor: the compiler inlines only so many calls into a loop.
    private T _first;
    private T _second;

    public static int Count { [MethodImpl(Inline)] get => 2 * T.Count; }

    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Create(float value)
    {
        Pair<T, TOrder> both;
        both._first = T.Create(value);
        both._second = both._first;
        return both;
    }

    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Add(in Pair<T, TOrder> a, in Pair<T, TOrder> b)
    {
        Pair<T, TOrder> both;
        both._first = T.Add(a._first, b._first);
        both._second = T.Add(a._second, b._second);
        return both;
    }
    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Subtract(in Pair<T, TOrder> a, in Pair<T, TOrder> b)
    {
        Pair<T, TOrder> both;
        both._first = T.Subtract(a._first, b._first);
        both._second = T.Subtract(a._second, b._second);
        return both;
    }
    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Multiply(in Pair<T, TOrder> a, in Pair<T, TOrder> b)
    {
        Pair<T, TOrder> both;
        both._first = T.Multiply(a._first, b._first);
        both._second = T.Multiply(a._second, b._second);
        return both;
    }
    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Divide(in Pair<T, TOrder> a, in Pair<T, TOrder> b)
    {
        Pair<T, TOrder> both;
        both._first = T.Divide(a._first, b._first);
        both._second = T.Divide(a._second, b._second);
        return both;
    }

    [MethodImpl(Inline)]
    public static Pair<T, TOrder> FusedMultiplyAdd(in Pair<T, TOrder> a, in Pair<T, TOrder> b, in Pair<T, TOrder> c)
    {
        Pair<T, TOrder> both;
        both._first = T.FusedMultiplyAdd(a._first, b._first, c._first);
        both._second = T.FusedMultiplyAdd(a._second, b._second, c._second);
        return both;
    }

    [MethodImpl(Inline)]
    public static void Accumulate(ref Pair<T, TOrder> sum, in Pair<T, TOrder> a, in Pair<T, TOrder> b)
    {
        T.Accumulate(ref sum._first, a._first, b._first);
        T.Accumulate(ref sum._second, a._second, b._second);
    }

    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Sqrt(in Pair<T, TOrder> a)
    {
        Pair<T, TOrder> both;
        both._first = T.Sqrt(a._first);
        both._second = T.Sqrt(a._second);
        return both;
    }
    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Negate(in Pair<T, TOrder> a)
    {
        Pair<T, TOrder> both;
        both._first = T.Negate(a._first);
        both._second = T.Negate(a._second);
        return both;
    }
    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Max(in Pair<T, TOrder> a, in Pair<T, TOrder> b)
    {
        Pair<T, TOrder> both;
        both._first = T.Max(a._first, b._first);
        both._second = T.Max(a._second, b._second);
        return both;
    }
    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Sign(in Pair<T, TOrder> a)
    {
        Pair<T, TOrder> both;
        both._first = T.Sign(a._first);
        both._second = T.Sign(a._second);
        return both;
    }

    [MethodImpl(Inline)]
    public static Pair<T, TOrder> WhereNegative(in Pair<T, TOrder> condition, in Pair<T, TOrder> negative, in Pair<T, TOrder> otherwise)
    {
        Pair<T, TOrder> both;
        both._first = T.WhereNegative(condition._first, negative._first, otherwise._first);
        both._second = T.WhereNegative(condition._second, negative._second, otherwise._second);
        return both;
    }
    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Quiet(in Pair<T, TOrder> a)
    {
        Pair<T, TOrder> both;
        both._first = T.Quiet(a._first);
        both._second = T.Quiet(a._second);
        return both;
    }
    [MethodImpl(Inline)]
    public static Pair<T, TOrder> RoundToBFloat16(in Pair<T, TOrder> a)
    {
        Pair<T, TOrder> both;
        both._first = T.RoundToBFloat16(a._first);
        both._second = T.RoundToBFloat16(a._second);
        return both;
    }
    [MethodImpl(Inline)]
    public static Pair<T, TOrder> CarryIntoBFloat16(in Pair<T, TOrder> a)
    {
        Pair<T, TOrder> both;
        both._first = T.CarryIntoBFloat16(a._first);
        both._second = T.CarryIntoBFloat16(a._second);
        return both;
    }
    [MethodImpl(Inline)]
    public static Pair<T, TOrder> RoundToFloat16(in Pair<T, TOrder> a)
    {
        Pair<T, TOrder> both;
        both._first = T.RoundToFloat16(a._first);
        both._second = T.RoundToFloat16(a._second);
        return both;
    }

    [MethodImpl(Inline)]
    public static Pair<T, TOrder> Load(float* source)
    {
        Pair<T, TOrder> both;
        both._first = T.Load(source);
        both._second = T.Load(source + T.Count);
        return both;
    }

    [MethodImpl(Inline)]
    public static void Store(in Pair<T, TOrder> value, float* destination)
    {
        T.Store(value._first, destination);
        T.Store(value._second, destination + T.Count);
    }

    [MethodImpl(Inline)]
    public static Pair<T, TOrder> LoadBFloat16(ushort* source)
    {
        Pair<T, TOrder> both;
        if (TOrder.Alternates)
        {
            T.LoadAlternating(source, out both._first, out both._second);
        }
        else
        {
            both._first = T.LoadBFloat16(source);
            both._second = T.LoadBFloat16(source + T.Count);
        }
        return both;
    }

    [MethodImpl(Inline)]
    public static void StoreBFloat16(in Pair<T, TOrder> value, ushort* destination)
    {
        if (TOrder.Alternates)
            T.StoreAlternating(value._first, value._second, destination);
        else
            T.StoreBFloat16(value._first, value._second, destination);
    }

    [MethodImpl(Inline)]
    public static Pair<T, TOrder> LoadFloat16(ushort* source)
    {
        Pair<T, TOrder> both;
        both._first = T.LoadFloat16(source);
        both._second = T.LoadFloat16(source + T.Count);
        return both;
    }

    [MethodImpl(Inline)]
    public static void StoreFloat16(in Pair<T, TOrder> value, ushort* destination)
    {
        T.StoreFloat16(value._first, destination);
        T.StoreFloat16(value._second, destination + T.Count);
    }

    [MethodImpl(Inline)]
    public static void StoreRoundedFloat16(in Pair<T, TOrder> value, ushort* destination)
    {
        T.StoreRoundedFloat16(value._first, destination);
        T.StoreRoundedFloat16(value._second, destination + T.Count);
    }
}
