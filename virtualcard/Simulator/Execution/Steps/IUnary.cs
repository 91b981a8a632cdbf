using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <summary>An operation on numbers of one type, several lanes at a time.</summary>
internal interface IUnary<T>
{
    static abstract Vector256<T> Apply(Vector256<T> a);
}
