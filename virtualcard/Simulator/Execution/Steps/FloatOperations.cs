using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>Arithmetic of float and double that rounds to nearest, and their comparisons.</summary>
internal static class FloatOperations
{
    internal struct Divide<T> : IBinary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => a / b;
    }

    internal struct Reciprocal : IUnary<float>
    {
        public static Vector256<float> Apply(Vector256<float> a) => Vector256<float>.One / a;
    }

    internal struct SquareRoot<T> : IUnary<T>
    {
        public static Vector256<T> Apply(Vector256<T> a) => Vector256.Sqrt(a);
    }

    internal struct FusedMultiplyAdd : ITernary<float>
    {
        public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);
    }

    /// <summary>c - a * b</summary>
    internal struct FusedNegatedMultiplyAdd : ITernary<float>
    {
        public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(-a, b, c);
    }

    /// <summary>a * b - c</summary>
    internal struct FusedMultiplySubtract : ITernary<float>
    {
        public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, -c);
    }

    internal struct FusedMultiplyAddDouble : ITernary<double>
    {
        public static Vector256<double> Apply(Vector256<double> a, Vector256<double> b, Vector256<double> c) => Vector256.FusedMultiplyAdd(a, b, c);
    }

    internal struct FusedNegatedMultiplyAddDouble : ITernary<double>
    {
        public static Vector256<double> Apply(Vector256<double> a, Vector256<double> b, Vector256<double> c) => Vector256.FusedMultiplyAdd(-a, b, c);
    }

    internal struct FusedMultiplySubtractDouble : ITernary<double>
    {
        public static Vector256<double> Apply(Vector256<double> a, Vector256<double> b, Vector256<double> c) => Vector256.FusedMultiplyAdd(a, b, -c);
    }

    internal struct NotEqual<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.LessThan(a, b) | Vector256.GreaterThan(a, b);
    }

    internal struct EqualUnordered<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => ~(Vector256.LessThan(a, b) | Vector256.GreaterThan(a, b));
    }

    internal struct NotEqualUnordered<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => ~Vector256.Equals(a, b);
    }

    internal struct LessUnordered<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => ~Vector256.GreaterThanOrEqual(a, b);
    }

    internal struct LessOrEqualUnordered<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => ~Vector256.GreaterThan(a, b);
    }

    internal struct GreaterUnordered<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => ~Vector256.LessThanOrEqual(a, b);
    }

    internal struct GreaterOrEqualUnordered<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => ~Vector256.LessThan(a, b);
    }

    internal struct Ordered<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.Equals(a, a) & Vector256.Equals(b, b);
    }

    internal struct Unordered<T> : IComparison<T>
    {
        public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => ~(Vector256.Equals(a, a) & Vector256.Equals(b, b));
    }
}
