using System.Numerics;
using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>Integer arithmetic that is alike for all widths.</summary>
internal static class IntegerOperations
{
    internal struct Copy<T> : IUnary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a) => a;
    }

    internal struct Negate<T> : IUnary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a) => -a;
    }

    internal struct Not<T> : IUnary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a) => ~a;
    }

    internal struct Abs<T> : IUnary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a) => Vector256.Abs(a);
    }

    internal struct Add<T> : IBinary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a + b;
    }

    internal struct Subtract<T> : IBinary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a - b;
    }

    internal struct Multiply<T> : IBinary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a * b;
    }

    internal struct MultiplyAdd<T> : ITernary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b, Vector256<T> c) => a * b + c;
    }

    internal struct Min<T> : IBinary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.Min(a, b);
    }

    internal struct Max<T> : IBinary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.Max(a, b);
    }

    internal struct And<T> : IBinary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a & b;
    }

    internal struct Or<T> : IBinary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a | b;
    }

    internal struct Xor<T> : IBinary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a ^ b;
    }

    /// <summary>An operation on the two halves of each lane.</summary>
    internal struct Packed<T, TOperation> : IBinary<uint>
        where TOperation : struct, IBinary<T>
    {
        public static Vector256<uint> Apply(Vector256<uint> a, Vector256<uint> b) => TOperation.Apply(a.As<uint, T>(), b.As<uint, T>()).As<T, uint>();
    }

    internal struct Equal<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.Equals(a, b);
    }

    internal struct NotEqual<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => ~Vector256.Equals(a, b);
    }

    internal struct Less<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.LessThan(a, b);
    }

    internal struct LessOrEqual<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.LessThanOrEqual(a, b);
    }

    internal struct Greater<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.GreaterThan(a, b);
    }

    internal struct GreaterOrEqual<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.GreaterThanOrEqual(a, b);
    }

    /// <summary>The high half of a product.</summary>
    public static T MultiplyHigh<T>(T a, T b)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (typeof(T) == typeof(long))
            return T.CreateTruncating(Math.BigMul(long.CreateTruncating(a), long.CreateTruncating(b), out _));
        if (typeof(T) == typeof(ulong))
            return T.CreateTruncating(Math.BigMul(ulong.CreateTruncating(a), ulong.CreateTruncating(b), out _));
        unsafe
        {
            return T.IsNegative(T.Zero - T.One)
                ? T.CreateTruncating(long.CreateTruncating(a) * long.CreateTruncating(b) >> 8 * sizeof(T))
                : T.CreateTruncating(ulong.CreateTruncating(a) * ulong.CreateTruncating(b) >> 8 * sizeof(T));
        }
    }

    /// <summary>A quotient; what is divided by zero gives all ones, as the hardware does.</summary>
    public static T Divide<T>(T a, T b)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (T.IsZero(b))
            return T.AllBitsSet;
        return T.IsNegative(b) && b + T.One == T.Zero ? unchecked(T.Zero - a) : a / b;
    }

    public static T Remainder<T>(T a, T b)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (T.IsZero(b))
            return a;
        return T.IsNegative(b) && b + T.One == T.Zero ? T.Zero : a % b;
    }
}
