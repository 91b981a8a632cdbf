namespace GpuOptim.Kernels.Simd;

/// <summary>A stretch of one tensor, as an <see cref="ElementwiseLoop{TRule, TVector, TElement, TGradient, TState, TCompute}"/> takes it. A state that is not in use is 0.</summary>
/// <param name="parameter">Where its first element lies.</param>
/// <param name="state0">Where its first state begins.</param>
/// <param name="state1">Where its second state begins.</param>
/// <param name="state2">Where its third state begins.</param>
/// <param name="start">The index in the tensor, and in its gradient, of the first element.</param>
/// <param name="tensor">The index of the tensor, and of its gradient.</param>
/// <param name="length">How many elements there are.</param>
internal struct UpdatePiece(nint parameter, nint state0, nint state1, nint state2, nint start, int tensor, int length)
{
    // Fields: the loop that reads them has no locals to spare for calls.
    public nint Parameter = parameter;
    public nint State0 = state0;
    public nint State1 = state1;
    public nint State2 = state2;
    public nint Start = start;
    public int Tensor = tensor;
    public int Length = length;
}
