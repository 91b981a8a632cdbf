using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GpuOptim.Kernels.Ilgpu;
using GpuOptim.Kernels.Lanes;
using ILGPU;

namespace GpuOptim.Kernels.Encodings;

/// <summary>A 16-bit number and, beside it, the float that it was rounded from: the float is what rules go on with.</summary>
/// <typeparam name="TFormat">The type of the number: <see cref="BFloat16Format"/> or <see cref="Float16Format"/>.</typeparam>
internal readonly unsafe struct MasterCopy<TFormat> : IElementEncoding where TFormat : IFormat
{
    public static int CompanionSize => sizeof(float);

    public static bool IsRandom => false;

    public static float DecodeOne(uint number, uint companion) => Interop.IntAsFloat(companion);

    public static UInt2 EncodeOne(float value, uint random) =>
        new(TFormat.Type == ElementType.BFloat16 ? Ptx.FloatsToBFloat16(value, 0) : Ptx.FloatToHalf(value), Interop.FloatAsInt(value));

    public static void Decode(in EncodedStretch stretch, float* values, int vectorBits) => Copy(stretch.Companion, values, stretch.Length);

    public static void Encode(in EncodedStretch stretch, float* values, int vectorBits)
    {
        Copy(values, stretch.Companion, stretch.Length);
        var done = vectorBits switch
        {
            512 when Vector512.IsHardwareAccelerated => Encode<Pair<Floats16, InSequence>>(stretch, values, 0),
            256 when Vector256.IsHardwareAccelerated => Encode<Pair<Floats8, InSequence>>(stretch, values, 0),
            128 when Vector128.IsHardwareAccelerated => Encode<Pair<Floats4, InSequence>>(stretch, values, 0),
            _ => 0,
        };
        Encode<Floats1>(stretch, values, done);
    }

    private static void Copy(void* source, void* destination, int length) => Buffer.MemoryCopy(source, destination, (long)length * sizeof(float), (long)length * sizeof(float));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Encode<TVector>(in EncodedStretch stretch, float* values, int start) where TVector : unmanaged, IVector<TVector>
    {
        var numbers = (ushort*)stretch.Numbers;
        var last = stretch.Length - TVector.Count;
        for (; start <= last; start += TVector.Count)
            TFormat.StoreRounded(TVector.Quiet(TVector.Load(values + start)), numbers + start);
        return start;
    }
}
