using GpuOptim.Kernels.Lanes;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>Eight floats of a GPU thread, for 16-bit formats: 16 aligned bytes, loaded and stored at once.</summary>
internal unsafe struct GpuFloats8(GpuFloats4 lower, GpuFloats4 upper) : IFloats<GpuFloats8>
{
    private GpuFloats4 _lower = lower;
    private GpuFloats4 _upper = upper;

    public readonly GpuFloats4 Lower => _lower;

    public readonly GpuFloats4 Upper => _upper;

    public static int Count => 8;

    public static GpuFloats8 Create(float value) => new(GpuFloats4.Create(value), GpuFloats4.Create(value));

    public static GpuFloats8 Add(in GpuFloats8 a, in GpuFloats8 b) => new(GpuFloats4.Add(a._lower, b._lower), GpuFloats4.Add(a._upper, b._upper));

    public static GpuFloats8 Subtract(in GpuFloats8 a, in GpuFloats8 b) => new(GpuFloats4.Subtract(a._lower, b._lower), GpuFloats4.Subtract(a._upper, b._upper));

    public static GpuFloats8 Multiply(in GpuFloats8 a, in GpuFloats8 b) => new(GpuFloats4.Multiply(a._lower, b._lower), GpuFloats4.Multiply(a._upper, b._upper));

    public static GpuFloats8 Divide(in GpuFloats8 a, in GpuFloats8 b) => new(GpuFloats4.Divide(a._lower, b._lower), GpuFloats4.Divide(a._upper, b._upper));

    public static GpuFloats8 FusedMultiplyAdd(in GpuFloats8 a, in GpuFloats8 b, in GpuFloats8 c) =>
        new(GpuFloats4.FusedMultiplyAdd(a._lower, b._lower, c._lower), GpuFloats4.FusedMultiplyAdd(a._upper, b._upper, c._upper));

    public static void Accumulate(ref GpuFloats8 sum, in GpuFloats8 a, in GpuFloats8 b) => sum = FusedMultiplyAdd(a, b, sum);

    public static GpuFloats8 Sqrt(in GpuFloats8 a) => new(GpuFloats4.Sqrt(a._lower), GpuFloats4.Sqrt(a._upper));

    public static GpuFloats8 Negate(in GpuFloats8 a) => new(GpuFloats4.Negate(a._lower), GpuFloats4.Negate(a._upper));

    public static GpuFloats8 Max(in GpuFloats8 a, in GpuFloats8 b) => new(GpuFloats4.Max(a._lower, b._lower), GpuFloats4.Max(a._upper, b._upper));

    public static GpuFloats8 Sign(in GpuFloats8 a) => new(GpuFloats4.Sign(a._lower), GpuFloats4.Sign(a._upper));

    public static GpuFloats8 WhereNegative(in GpuFloats8 condition, in GpuFloats8 negative, in GpuFloats8 otherwise) => new(
        GpuFloats4.WhereNegative(condition._lower, negative._lower, otherwise._lower),
        GpuFloats4.WhereNegative(condition._upper, negative._upper, otherwise._upper));

    public static GpuFloats8 RoundToBFloat16(in GpuFloats8 a) => new(GpuFloats4.RoundToBFloat16(a._lower), GpuFloats4.RoundToBFloat16(a._upper));

    public static GpuFloats8 RoundToFloat16(in GpuFloats8 a) => new(GpuFloats4.RoundToFloat16(a._lower), GpuFloats4.RoundToFloat16(a._upper));

    public static GpuFloats8 Load(float* source) => new(GpuFloats4.Load(source), GpuFloats4.Load(source + 4));

    public static void Store(in GpuFloats8 value, float* destination)
    {
        GpuFloats4.Store(value._lower, destination);
        GpuFloats4.Store(value._upper, destination + 4);
    }

    public static GpuFloats8 LoadBFloat16(ushort* source)
    {
        var eight = Ptx.LoadEight(source);
        return new(GpuFloats4.FromBFloat16(new(eight.X, eight.Y)), GpuFloats4.FromBFloat16(new(eight.Z, eight.W)));
    }

    public static void StoreBFloat16(in GpuFloats8 value, ushort* destination)
    {
        UInt2 lower = value._lower.ToBFloat16(), upper = value._upper.ToBFloat16();
        Ptx.StoreEight(destination, new(lower.X, lower.Y, upper.X, upper.Y));
    }

    public static GpuFloats8 LoadFloat16(ushort* source)
    {
        var eight = Ptx.LoadEight(source);
        return new(GpuFloats4.FromFloat16(new(eight.X, eight.Y)), GpuFloats4.FromFloat16(new(eight.Z, eight.W)));
    }

    public static void StoreFloat16(in GpuFloats8 value, ushort* destination)
    {
        UInt2 lower = value._lower.ToFloat16(), upper = value._upper.ToFloat16();
        Ptx.StoreEight(destination, new(lower.X, lower.Y, upper.X, upper.Y));
    }
}
