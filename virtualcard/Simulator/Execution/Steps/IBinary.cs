using System.Runtime.Intrinsics;

namespace VirtualCard.Execution.Steps;

/// <inheritdoc cref="IUnary{T}"/>
internal interface IBinary<T>
{
    static abstract Vector256<T> Apply(Vector256<T> a, Vector256<T> b);
}
