namespace GpuOptim.Kernels.Simd;

/// <summary>A stretch of one tensor, as an <see cref="ElementwiseLoop{TRule, TVector, TElement, TGradient, TState, TCompute}"/> takes it. A state that is not in use is 0.</summary>
/// <param name="Parameter">Where its first element lies.</param>
/// <param name="State0">Where its first state begins.</param>
/// <param name="State1">Where its second state begins.</param>
/// <param name="State2">Where its third state begins.</param>
/// <param name="Start">The index in the tensor, and in its gradient, of the first element.</param>
/// <param name="Tensor">The index of the tensor, and of its gradient.</param>
/// <param name="Length">How many elements there are.</param>
internal readonly record struct UpdatePiece(nint Parameter, nint State0, nint State1, nint State2, nint Start, int Tensor, int Length);
