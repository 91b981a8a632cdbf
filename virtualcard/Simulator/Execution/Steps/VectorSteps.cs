using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>An operation on numbers of one type, several lanes at a time.</summary>
internal interface IUnary<T>
{
    static abstract Vector256<T> Apply(Vector256<T> a);
}

/// <inheritdoc cref="IUnary{T}"/>
internal interface IBinary<T>
{
    static abstract Vector256<T> Apply(Vector256<T> a, Vector256<T> b);
}

/// <inheritdoc cref="IUnary{T}"/>
internal interface ITernary<T>
{
    static abstract Vector256<T> Apply(Vector256<T> a, Vector256<T> b, Vector256<T> c);
}

/// <summary>A comparison: all bits of a lane where it holds.</summary>
internal interface IComparison<T>
{
    static abstract Vector256<T> Apply(Vector256<T> a, Vector256<T> b);
}

/// <summary>d = op(a)</summary>
internal sealed unsafe class UnaryStep<T, TOperation>(int d, int a) : Step
    where T : unmanaged
    where TOperation : struct, IUnary<T>
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d, x = r + a;
        if (warp.IsFull)
        {
            for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
                Lanes.Store(to, i, TOperation.Apply(Lanes.Load<T>(x, i)));
            return;
        }
        var mask = warp.Mask<T>();
        for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
            Lanes.Blend(to, i, mask, TOperation.Apply(Lanes.Load<T>(x, i)));
    }
}

/// <summary>d = op(a, b)</summary>
internal sealed unsafe class BinaryStep<T, TOperation>(int d, int a, int b) : Step
    where T : unmanaged
    where TOperation : struct, IBinary<T>
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d, x = r + a, y = r + b;
        if (warp.IsFull)
        {
            if (sizeof(T) < 4)
            {
                for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
                    Lanes.Store(to, i, TOperation.Apply(Lanes.Load<T>(x, i), Lanes.Load<T>(y, i)));
                return;
            }
            for (var i = 0; i < Lanes.Count * sizeof(T); i += 4 * Vector256<byte>.Count)
            {
                var v0 = TOperation.Apply(Lanes.Load<T>(x, i), Lanes.Load<T>(y, i));
                var v1 = TOperation.Apply(Lanes.Load<T>(x, i + 32), Lanes.Load<T>(y, i + 32));
                var v2 = TOperation.Apply(Lanes.Load<T>(x, i + 64), Lanes.Load<T>(y, i + 64));
                var v3 = TOperation.Apply(Lanes.Load<T>(x, i + 96), Lanes.Load<T>(y, i + 96));
                Lanes.Store(to, i, v0);
                Lanes.Store(to, i + 32, v1);
                Lanes.Store(to, i + 64, v2);
                Lanes.Store(to, i + 96, v3);
            }
            return;
        }
        var mask = warp.Mask<T>();
        for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
            Lanes.Blend(to, i, mask, TOperation.Apply(Lanes.Load<T>(x, i), Lanes.Load<T>(y, i)));
    }
}

/// <summary>d = op(a, b, c)</summary>
internal sealed unsafe class TernaryStep<T, TOperation>(int d, int a, int b, int c) : Step
    where T : unmanaged
    where TOperation : struct, ITernary<T>
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d, x = r + a, y = r + b, z = r + c;
        if (warp.IsFull)
        {
            for (var i = 0; i < Lanes.Count * sizeof(T); i += 2 * Vector256<byte>.Count)
            {
                var v0 = TOperation.Apply(Lanes.Load<T>(x, i), Lanes.Load<T>(y, i), Lanes.Load<T>(z, i));
                var v1 = TOperation.Apply(Lanes.Load<T>(x, i + 32), Lanes.Load<T>(y, i + 32), Lanes.Load<T>(z, i + 32));
                Lanes.Store(to, i, v0);
                Lanes.Store(to, i + 32, v1);
            }
            return;
        }
        var mask = warp.Mask<T>();
        for (var i = 0; i < Lanes.Count * sizeof(T); i += Vector256<byte>.Count)
            Lanes.Blend(to, i, mask, TOperation.Apply(Lanes.Load<T>(x, i), Lanes.Load<T>(y, i), Lanes.Load<T>(z, i)));
    }
}

/// <summary>A predicate: whether a and b compare so.</summary>
internal static unsafe class Comparison<T, TOperation>
    where T : unmanaged
    where TOperation : struct, IComparison<T>
{
    public static uint Of(byte* x, byte* y)
    {
        uint bits = 0;
        var lanes = Vector256<byte>.Count / sizeof(T);
        for (var i = 0; i < sizeof(T); i++)
            bits |= TOperation.Apply(Lanes.Load<T>(x, i * 32), Lanes.Load<T>(y, i * 32)).ExtractMostSignificantBits() << i * lanes;
        return bits;
    }
}

/// <summary>p = compare(a, b), combined with a third predicate where the instruction says so; q the opposite.</summary>
/// <param name="q">-1 where there is none.</param>
internal sealed unsafe class CompareStep<T, TOperation>(int p, int q, int a, int b, PredicateCombination combination, PredicateSlot third) : Step
    where T : unmanaged
    where TOperation : struct, IComparison<T>
{
    public override void Run(Warp warp) =>
        Predicates.Write(warp, p, q, Comparison<T, TOperation>.Of(warp.Registers + a, warp.Registers + b), combination, third);
}

/// <summary>How setp combines its comparison with a predicate.</summary>
internal enum PredicateCombination
{
    None,
    And,
    Or,
    Xor,
}

internal static class Predicates
{
    public static void Write(Warp warp, int p, int q, uint value, PredicateCombination combination, PredicateSlot third)
    {
        var opposite = ~value;
        if (combination != PredicateCombination.None)
        {
            var other = warp.Predicate(third);
            value = Combine(value, other, combination);
            opposite = Combine(opposite, other, combination);
        }
        if (p >= 0)
            warp.WritePredicate(p, value);
        if (q >= 0)
            warp.WritePredicate(q, opposite);
    }

    private static uint Combine(uint value, uint other, PredicateCombination combination) => combination switch
    {
        PredicateCombination.And => value & other,
        PredicateCombination.Or => value | other,
        _ => value ^ other,
    };
}

/// <summary>d = p ? a : b</summary>
internal sealed unsafe class SelectStep<T>(int d, int a, int b, PredicateSlot predicate) : Step
    where T : unmanaged
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        var active = warp.Active;
        var where = warp.Predicate(predicate);
        byte* to = r + d;
        // Whoever is inactive keeps what it has.
        if (!warp.IsFull)
        {
            for (var rest = active; rest != 0;)
            {
                var lane = Lanes.Next(ref rest);
                ((T*)to)[lane] = ((T*)(r + ((where >> lane & 1) != 0 ? a : b)))[lane];
            }
            return;
        }
        byte* x = r + a, y = r + b;
        if (sizeof(T) == 4)
        {
            var bits = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
            for (var i = 0; i < 4; i++)
            {
                var mask = Vector256.Equals(Vector256.Create((int)(where >> 8 * i)) & bits, bits);
                Lanes.Store(to, 32 * i, Vector256.ConditionalSelect(mask, Lanes.Load<int>(x, 32 * i), Lanes.Load<int>(y, 32 * i)));
            }
        }
        else if (sizeof(T) == 8)
        {
            var bits = Vector256.Create(1L, 2, 4, 8);
            for (var i = 0; i < 8; i++)
            {
                var mask = Vector256.Equals(Vector256.Create((long)(where >> 4 * i)) & bits, bits);
                Lanes.Store(to, 32 * i, Vector256.ConditionalSelect(mask, Lanes.Load<long>(x, 32 * i), Lanes.Load<long>(y, 32 * i)));
            }
        }
        else
        {
            for (var lane = 0; lane < Lanes.Count; lane++)
                ((T*)to)[lane] = (where >> lane & 1) != 0 ? ((T*)x)[lane] : ((T*)y)[lane];
        }
    }
}

/// <summary>d = a * b, twice as wide as its factors, or that plus c.</summary>
/// <param name="c">-1 where there is none.</param>
internal sealed unsafe class MultiplyWideStep(int d, int a, int b, int c, bool isSigned) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d;
        var mask = warp.IsFull ? null : warp.Mask<long>();
        for (var i = 0; i < Lanes.Count; i += 8)
        {
            Vector256<long> low, high;
            if (isSigned)
            {
                var (x, y) = (Vector256.Load((int*)(r + a) + i), Vector256.Load((int*)(r + b) + i));
                low = Vector256.WidenLower(x) * Vector256.WidenLower(y);
                high = Vector256.WidenUpper(x) * Vector256.WidenUpper(y);
            }
            else
            {
                var (x, y) = (Vector256.Load((uint*)(r + a) + i), Vector256.Load((uint*)(r + b) + i));
                low = (Vector256.WidenLower(x) * Vector256.WidenLower(y)).AsInt64();
                high = (Vector256.WidenUpper(x) * Vector256.WidenUpper(y)).AsInt64();
            }
            if (c >= 0)
            {
                low += Vector256.Load((long*)(r + c) + i);
                high += Vector256.Load((long*)(r + c) + i + 4);
            }
            if (mask == null)
            {
                low.Store((long*)to + i);
                high.Store((long*)to + i + 4);
            }
            else
            {
                Lanes.Blend(to, 8 * i, mask, low);
                Lanes.Blend(to, 8 * i + 32, mask, high);
            }
        }
    }
}

/// <summary>Converts 32-bit integers to 64 bits.</summary>
internal sealed unsafe class WidenStep(int d, int a, bool isSigned) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d;
        var mask = warp.IsFull ? null : warp.Mask<long>();
        // From the end: the wide register may begin where the narrow one does.
        for (var i = Lanes.Count - 8; i >= 0; i -= 8)
        {
            var x = Vector256.Load((int*)(r + a) + i);
            var low = isSigned ? Vector256.WidenLower(x) : Vector256.WidenLower(x.AsUInt32()).AsInt64();
            var high = isSigned ? Vector256.WidenUpper(x) : Vector256.WidenUpper(x.AsUInt32()).AsInt64();
            if (mask == null)
            {
                low.Store((long*)to + i);
                high.Store((long*)to + i + 4);
            }
            else
            {
                Lanes.Blend(to, 8 * i, mask, low);
                Lanes.Blend(to, 8 * i + 32, mask, high);
            }
        }
    }
}

/// <summary>Takes the low half of 64-bit integers.</summary>
internal sealed unsafe class NarrowStep(int d, int a) : Step
{
    public override void Run(Warp warp)
    {
        var r = warp.Registers;
        byte* to = r + d;
        var mask = warp.IsFull ? null : warp.Mask<uint>();
        for (var i = 0; i < Lanes.Count; i += 8)
        {
            var value = Vector256.Narrow(Vector256.Load((ulong*)(r + a) + i), Vector256.Load((ulong*)(r + a) + i + 4));
            if (mask == null)
                value.Store((uint*)to + i);
            else
                Lanes.Blend(to, 4 * i, mask, value);
        }
    }
}
