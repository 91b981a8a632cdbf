namespace GpuOptim.Kernels.Lanes;

/// <summary>
/// What an update rule computes in: one number, or several side by side, with the pointwise operations of PyTorch.
/// </summary>
/// <remarks>
/// Every operation rounds exactly as PyTorch's does, in every lane: the same bits from one float, a SIMD vector or a GPU thread.
/// In the formulas <c>f(x)</c> is a constant rounded once to float, <c>round</c> is one rounding to the type that the lane computes in
/// (none for float32), and <c>fma</c> multiplies and adds with a single rounding.
/// Source: PyTorch 2.13, <c>aten/src/ATen/native/cpu/{BinaryOps,PointwiseOps,Lerp}Kernel.cpp</c>.
/// </remarks>
/// <typeparam name="T">The lane itself.</typeparam>
public interface ILane<T> where T : struct, ILane<T>
{
    /// <summary><c>torch.full_like(self, value)</c> = round(value).</summary>
    static abstract T Full(float value);

    /// <summary><c>torch.neg(self)</c>: the sign flipped.</summary>
    T Neg();

    /// <summary><c>torch.add(self, other, alpha=alpha)</c> = round(fma(other, round(alpha), self)).</summary>
    T Add(T other, float alpha);

    /// <summary><c>torch.add(self, other)</c> with a number = round(self + round(other)).</summary>
    T Add(float other);

    /// <summary><c>torch.mul(self, other)</c> with a number = round(self * other).</summary>
    T Mul(float other);

    /// <summary><c>torch.mul(self, other)</c> = round(self * other).</summary>
    T Mul(T other);

    /// <summary><c>torch.div(self, other)</c> with a number = round(self / other).</summary>
    T Div(float other);

    /// <summary><c>torch.div(self, other)</c> = round(self / other).</summary>
    T Div(T other);

    /// <summary><c>torch.addcmul(self, tensor1, tensor2, value=value)</c> = round(fma(value * tensor1, tensor2, self)).</summary>
    T AddCMul(T tensor1, T tensor2, float value);

    /// <summary><c>torch.addcdiv(self, tensor1, tensor2, value=value)</c> = round(self + (value * tensor1) / tensor2), each step rounded to float.</summary>
    T AddCDiv(T tensor1, T tensor2, float value);

    /// <summary><c>torch.lerp(self, end, weight)</c> = weight &lt; 0.5 ? round(fma(weight, end - self, self)) : round(fma(weight - 1, end - self, end)).</summary>
    T Lerp(T end, float weight);

    /// <summary><c>torch.sqrt(self)</c> = round(sqrt(self)), correctly rounded.</summary>
    T Sqrt();

    /// <summary><c>torch.maximum(self, other)</c>: the larger; NaN if either is.</summary>
    T Max(T other);

    /// <summary><c>torch.sign(self)</c>: 1, -1, or 0 for zeros and NaN.</summary>
    T Sign();

    /// <summary><c>torch.where(self &lt; 0, negative, otherwise)</c>: zeros of either sign, and NaN, are not negative.</summary>
    T WhereNegative(T negative, T otherwise);
}
