using GpuOptim.Kernels.Lanes;
using ILGPU;
using ILGPU.Util;

namespace GpuOptim.Kernels.Ilgpu;

/// <summary>One float of a GPU thread: for the ends of tensors, and for those that are not aligned to <see cref="GpuFloats4"/>.</summary>
internal unsafe struct GpuFloats1(float value) : IFloats<GpuFloats1>
{
    public float Value = value;

    public static int Count => 1;

    public static GpuFloats1 Create(float value) => new(value);

    public static GpuFloats1 Add(in GpuFloats1 a, in GpuFloats1 b) => new(Ptx.Add(a.Value, b.Value));
    public static GpuFloats1 Subtract(in GpuFloats1 a, in GpuFloats1 b) => new(Ptx.Subtract(a.Value, b.Value));
    public static GpuFloats1 Multiply(in GpuFloats1 a, in GpuFloats1 b) => new(Ptx.Multiply(a.Value, b.Value));
    public static GpuFloats1 Divide(in GpuFloats1 a, in GpuFloats1 b) => new(Ptx.Divide(a.Value, b.Value));
    public static GpuFloats1 FusedMultiplyAdd(in GpuFloats1 a, in GpuFloats1 b, in GpuFloats1 c) => new(Ptx.FusedMultiplyAdd(a.Value, b.Value, c.Value));
    public static void Accumulate(ref GpuFloats1 sum, in GpuFloats1 a, in GpuFloats1 b) => sum = FusedMultiplyAdd(a, b, sum);
    public static GpuFloats1 Sqrt(in GpuFloats1 a) => new(Ptx.Sqrt(a.Value));
    public static GpuFloats1 Negate(in GpuFloats1 a) => new(Ptx.Negate(a.Value));
    public static GpuFloats1 Max(in GpuFloats1 a, in GpuFloats1 b) => new(Ptx.Max(a.Value, b.Value));
    public static GpuFloats1 Sign(in GpuFloats1 a) => new(Utilities.Select(a.Value > 0, 1f, Utilities.Select(a.Value < 0, -1f, 0f)));
    public static GpuFloats1 WhereNegative(in GpuFloats1 condition, in GpuFloats1 negative, in GpuFloats1 otherwise) =>
        new(Utilities.Select(condition.Value < 0, negative.Value, otherwise.Value));

    public static GpuFloats1 RoundToBFloat16(in GpuFloats1 a) => new(Interop.IntAsFloat(Ptx.FloatsToBFloat16(a.Value, 0) << 16));
    public static GpuFloats1 RoundToFloat16(in GpuFloats1 a) => new(Ptx.HalfToFloat(Ptx.FloatToHalf(a.Value)));

    public static GpuFloats1 Load(float* source) => new(Ptx.LoadOne(source));
    public static void Store(in GpuFloats1 value, float* destination) => Ptx.StoreOne(destination, value.Value);
    public static GpuFloats1 LoadBFloat16(ushort* source) => new(Interop.IntAsFloat((uint)Ptx.LoadOne(source) << 16));
    public static void StoreBFloat16(in GpuFloats1 value, ushort* destination) => Ptx.StoreOne(destination, (ushort)(Interop.FloatAsInt(value.Value) >> 16));
    public static GpuFloats1 LoadFloat16(ushort* source) => new(Ptx.HalfToFloat(Ptx.LoadOne(source)));
    public static void StoreFloat16(in GpuFloats1 value, ushort* destination) => Ptx.StoreOne(destination, Ptx.FloatToHalf(value.Value));
}
