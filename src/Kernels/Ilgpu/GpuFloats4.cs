using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Four floats of a GPU thread, loaded and stored at once: 16 aligned bytes, or 8 of a 16-bit format.</summary>
internal unsafe struct GpuFloats4(GpuFloats1 x, GpuFloats1 y, GpuFloats1 z, GpuFloats1 w) : IFloats<GpuFloats4>
{
    private GpuFloats1 _x = x;
    private GpuFloats1 _y = y;
    private GpuFloats1 _z = z;
    private GpuFloats1 _w = w;

    public GpuFloats4(Float4 four)
        : this(new(four.X), new(four.Y), new(four.Z), new(four.W))
    {
    }

    public static int Count => 4;

    public static GpuFloats4 Create(float value) => new(new(value), new(value), new(value), new(value));

    public static GpuFloats4 Add(in GpuFloats4 a, in GpuFloats4 b) =>
        new(GpuFloats1.Add(a._x, b._x), GpuFloats1.Add(a._y, b._y), GpuFloats1.Add(a._z, b._z), GpuFloats1.Add(a._w, b._w));

    public static GpuFloats4 Subtract(in GpuFloats4 a, in GpuFloats4 b) =>
        new(GpuFloats1.Subtract(a._x, b._x), GpuFloats1.Subtract(a._y, b._y), GpuFloats1.Subtract(a._z, b._z), GpuFloats1.Subtract(a._w, b._w));

    public static GpuFloats4 Multiply(in GpuFloats4 a, in GpuFloats4 b) =>
        new(GpuFloats1.Multiply(a._x, b._x), GpuFloats1.Multiply(a._y, b._y), GpuFloats1.Multiply(a._z, b._z), GpuFloats1.Multiply(a._w, b._w));

    public static GpuFloats4 Divide(in GpuFloats4 a, in GpuFloats4 b)
    {
        var quotients = new GpuFloats4(
            new(CorrectRounding.Divide(a._x.Value, b._x.Value)),
            new(CorrectRounding.Divide(a._y.Value, b._y.Value)),
            new(CorrectRounding.Divide(a._z.Value, b._z.Value)),
            new(CorrectRounding.Divide(a._w.Value, b._w.Value)));
        GpuFloats4 dividendSizes = Abs(a), sizes = Abs(quotients);
        if (!CorrectRounding.Holds(Ptx.Min(dividendSizes.Min(), sizes.Min()), sizes.Max()))
            quotients = new(GpuFloats1.Divide(a._x, b._x), GpuFloats1.Divide(a._y, b._y), GpuFloats1.Divide(a._z, b._z), GpuFloats1.Divide(a._w, b._w));
        return quotients;
    }

    public static GpuFloats4 FusedMultiplyAdd(in GpuFloats4 a, in GpuFloats4 b, in GpuFloats4 c) => new(
        GpuFloats1.FusedMultiplyAdd(a._x, b._x, c._x),
        GpuFloats1.FusedMultiplyAdd(a._y, b._y, c._y),
        GpuFloats1.FusedMultiplyAdd(a._z, b._z, c._z),
        GpuFloats1.FusedMultiplyAdd(a._w, b._w, c._w));

    public static void Accumulate(ref GpuFloats4 sum, in GpuFloats4 a, in GpuFloats4 b) => sum = FusedMultiplyAdd(a, b, sum);

    public static GpuFloats4 Sqrt(in GpuFloats4 a)
    {
        var roots = new GpuFloats4(
            new(CorrectRounding.Sqrt(a._x.Value)),
            new(CorrectRounding.Sqrt(a._y.Value)),
            new(CorrectRounding.Sqrt(a._z.Value)),
            new(CorrectRounding.Sqrt(a._w.Value)));
        if (!CorrectRounding.Holds(a.Min(), a.Max()))
            roots = new(GpuFloats1.Sqrt(a._x), GpuFloats1.Sqrt(a._y), GpuFloats1.Sqrt(a._z), GpuFloats1.Sqrt(a._w));
        return roots;
    }

    public static GpuFloats4 Negate(in GpuFloats4 a) => new(GpuFloats1.Negate(a._x), GpuFloats1.Negate(a._y), GpuFloats1.Negate(a._z), GpuFloats1.Negate(a._w));

    public static GpuFloats4 Max(in GpuFloats4 a, in GpuFloats4 b) =>
        new(GpuFloats1.Max(a._x, b._x), GpuFloats1.Max(a._y, b._y), GpuFloats1.Max(a._z, b._z), GpuFloats1.Max(a._w, b._w));

    public static GpuFloats4 Sign(in GpuFloats4 a) => new(GpuFloats1.Sign(a._x), GpuFloats1.Sign(a._y), GpuFloats1.Sign(a._z), GpuFloats1.Sign(a._w));

    public static GpuFloats4 WhereNegative(in GpuFloats4 condition, in GpuFloats4 negative, in GpuFloats4 otherwise) => new(
        GpuFloats1.WhereNegative(condition._x, negative._x, otherwise._x),
        GpuFloats1.WhereNegative(condition._y, negative._y, otherwise._y),
        GpuFloats1.WhereNegative(condition._z, negative._z, otherwise._z),
        GpuFloats1.WhereNegative(condition._w, negative._w, otherwise._w));

    public static GpuFloats4 RoundToBFloat16(in GpuFloats4 a) =>
        FromBFloat16(new(Ptx.FloatsToBFloat16(a._x.Value, a._y.Value), Ptx.FloatsToBFloat16(a._z.Value, a._w.Value)));

    public static GpuFloats4 RoundToFloat16(in GpuFloats4 a) =>
        new(GpuFloats1.RoundToFloat16(a._x), GpuFloats1.RoundToFloat16(a._y), GpuFloats1.RoundToFloat16(a._z), GpuFloats1.RoundToFloat16(a._w));

    public static GpuFloats4 Load(float* source) => new(Ptx.LoadFour(source));

    public static void Store(in GpuFloats4 value, float* destination) => Ptx.StoreFour(destination, value.ToFloat4());

    public static GpuFloats4 LoadBFloat16(ushort* source) => FromBFloat16(Ptx.LoadFour(source));

    public static void StoreBFloat16(in GpuFloats4 value, ushort* destination) => Ptx.StoreFour(destination, value.ToBFloat16());

    public static GpuFloats4 LoadFloat16(ushort* source) => FromFloat16(Ptx.LoadFour(source));

    public static void StoreFloat16(in GpuFloats4 value, ushort* destination) => Ptx.StoreFour(destination, value.ToFloat16());

    public static GpuFloats4 FromBFloat16(UInt2 four) => new(
        new(Interop.IntAsFloat(four.X << 16)),
        new(Interop.IntAsFloat(four.X & 0xFFFF_0000u)),
        new(Interop.IntAsFloat(four.Y << 16)),
        new(Interop.IntAsFloat(four.Y & 0xFFFF_0000u)));

    public static GpuFloats4 FromFloat16(UInt2 four) => new(
        new(Ptx.HalfToFloat((ushort)four.X)),
        new(Ptx.HalfToFloat((ushort)(four.X >> 16))),
        new(Ptx.HalfToFloat((ushort)four.Y)),
        new(Ptx.HalfToFloat((ushort)(four.Y >> 16))));

    public readonly UInt2 ToBFloat16() => new(
        (Interop.FloatAsInt(_x.Value) >> 16) | (Interop.FloatAsInt(_y.Value) & 0xFFFF_0000u),
        (Interop.FloatAsInt(_z.Value) >> 16) | (Interop.FloatAsInt(_w.Value) & 0xFFFF_0000u));

    public readonly UInt2 ToFloat16() => new(
        Ptx.FloatToHalf(_x.Value) | ((uint)Ptx.FloatToHalf(_y.Value) << 16),
        Ptx.FloatToHalf(_z.Value) | ((uint)Ptx.FloatToHalf(_w.Value) << 16));

    public readonly Float4 ToFloat4() => new(_x.Value, _y.Value, _z.Value, _w.Value);

    private static GpuFloats4 Abs(GpuFloats4 a) => new(new(Ptx.Abs(a._x.Value)), new(Ptx.Abs(a._y.Value)), new(Ptx.Abs(a._z.Value)), new(Ptx.Abs(a._w.Value)));

    private readonly float Min() => Ptx.Min(Ptx.Min(_x.Value, _y.Value), Ptx.Min(_z.Value, _w.Value));

    private readonly float Max() => Ptx.Max(Ptx.Max(_x.Value, _y.Value), Ptx.Max(_z.Value, _w.Value));
}
