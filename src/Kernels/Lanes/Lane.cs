using System.Runtime.CompilerServices;

namespace GpuOptim.Kernels.Lanes;

/// <summary>
/// PyTorch's pointwise operations over any number of floats, in any element type: computed in float, rounded once to
/// <typeparamref name="TFormat"/> after each operation. This file is the library's whole definition of what those operations round.
/// </summary>
/// <typeparam name="TFloats">The hardware: one float, or several in a register.</typeparam>
/// <typeparam name="TFormat">The element type computed in; for <see cref="Float32Format"/> the rounding is nothing.</typeparam>
/// <param name="value">The floats, numbers of <typeparamref name="TFormat"/>.</param>
internal readonly struct Lane<TFloats, TFormat>(TFloats value) : ILane<Lane<TFloats, TFormat>>
    where TFloats : unmanaged, IFloats<TFloats>
    where TFormat : IFormat
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public readonly TFloats Value = value;

    [MethodImpl(Inline)]
    private static Lane<TFloats, TFormat> Round(in TFloats value) => new(TFormat.Round(value));

    [MethodImpl(Inline)]
    public static Lane<TFloats, TFormat> Full(float value) => Round(TFloats.Create(value));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Neg() => new(TFloats.Negate(Value));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Add(Lane<TFloats, TFormat> other, float alpha) =>
        Round(TFloats.FusedMultiplyAdd(other.Value, TFormat.Round(TFloats.Create(alpha)), Value));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Add(float other) => Round(TFloats.Add(Value, TFormat.Round(TFloats.Create(other))));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Mul(float other) => Round(TFloats.Multiply(Value, TFloats.Create(other)));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Mul(Lane<TFloats, TFormat> other) => Round(TFloats.Multiply(Value, other.Value));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Div(float other) => Round(TFloats.Divide(Value, TFloats.Create(other)));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Div(Lane<TFloats, TFormat> other) => Round(TFloats.Divide(Value, other.Value));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> AddCMul(Lane<TFloats, TFormat> tensor1, Lane<TFloats, TFormat> tensor2, float value) =>
        Round(TFloats.FusedMultiplyAdd(TFloats.Multiply(TFloats.Create(value), tensor1.Value), tensor2.Value, Value));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> AddCDiv(Lane<TFloats, TFormat> tensor1, Lane<TFloats, TFormat> tensor2, float value) =>
        Round(TFloats.Add(Value, TFloats.Divide(TFloats.Multiply(TFloats.Create(value), tensor1.Value), tensor2.Value)));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Lerp(Lane<TFloats, TFormat> end, float weight)
    {
        var difference = TFloats.Subtract(end.Value, Value);
        return weight < 0.5f
            ? Round(TFloats.FusedMultiplyAdd(TFloats.Create(weight), difference, Value))
            : Round(TFloats.FusedMultiplyAdd(TFloats.Subtract(TFloats.Create(weight), TFloats.Create(1f)), difference, end.Value));
    }

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Sqrt() => Round(TFloats.Sqrt(Value));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Max(Lane<TFloats, TFormat> other) => new(TFloats.Max(Value, other.Value));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> Sign() => new(TFloats.Sign(Value));

    [MethodImpl(Inline)]
    public Lane<TFloats, TFormat> WhereNegative(Lane<TFloats, TFormat> negative, Lane<TFloats, TFormat> otherwise) =>
        new(TFloats.WhereNegative(Value, negative.Value, otherwise.Value));
}
