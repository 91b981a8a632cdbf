using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>A comparison: all bits of a lane where it holds.</summary>
internal interface IComparison<T>
{
    static abstract Vector256<T> Apply(Vector256<T> a, Vector256<T> b);
}
