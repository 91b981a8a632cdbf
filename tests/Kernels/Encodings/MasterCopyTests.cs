using System.Runtime.InteropServices;
using GpuOptim.Host;
using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>The float is kept as it is, and the number beside it is the nearest.</summary>
public sealed class MasterCopyTests
{
    [Test]
    public void KeepsFloatsBesideBFloat16s([ValueSource(typeof(SimdDevice), nameof(SimdDevice.VectorWidths))] int vectorBits)
    {
        var values = Stretches.Numbers(10_007, seed: 1);
        var encoded = Stretches.Encode<MasterCopy<BFloat16Format>>(values, default, vectorBits);
        Assert.That(encoded.Companion, Is.EqualTo(MemoryMarshal.AsBytes<float>(values).ToArray()));
        Bits.AreEqual<BFloat16>([.. encoded.Numbers.Select(bits => new BFloat16(bits))], [.. values.Select(value => (BFloat16)value)], "numbers");
        AssertKept(values, Stretches.Decode<MasterCopy<BFloat16Format>>(encoded, vectorBits));
    }

    [Test]
    public void KeepsFloatsBesideFloat16s([ValueSource(typeof(SimdDevice), nameof(SimdDevice.VectorWidths))] int vectorBits)
    {
        var values = Stretches.Numbers(10_007, seed: 2);
        var encoded = Stretches.Encode<MasterCopy<Float16Format>>(values, default, vectorBits);
        Assert.That(encoded.Companion, Is.EqualTo(MemoryMarshal.AsBytes<float>(values).ToArray()));
        Bits.AreEqual<Half>([.. encoded.Numbers.Select(BitConverter.UInt16BitsToHalf)], [.. values.Select(value => (Half)value)], "numbers");
        AssertKept(values, Stretches.Decode<MasterCopy<Float16Format>>(encoded, vectorBits));
    }

    private static void AssertKept(float[] values, float[] decoded) =>
        Assert.That(decoded.Select(BitConverter.SingleToUInt32Bits), Is.EqualTo(values.Select(BitConverter.SingleToUInt32Bits)));
}
