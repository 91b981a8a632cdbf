using GpuOptim.Kernels.Encodings;
using GpuOptim.Kernels.Ilgpu;
using ILGPU;

namespace GpuOptim.Tests.Kernels.Encodings;

/// <summary>A GPU's thread that makes its random bits, encodes a number, and decodes it.</summary>
internal static class EncodingKernel<TEncoding> where TEncoding : IElementEncoding
{
    public static void Run(ArrayView<float> values, ArrayView<RandomStream> random, ArrayView<UInt2> encoded, ArrayView<float> decoded)
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= values.Length)
            return;
        var stream = random[0];
        var code = TEncoding.EncodeOne(values[i], Philox.Bits(stream, stream.Start + i));
        encoded[i] = code;
        decoded[i] = TEncoding.DecodeOne(code.X, code.Y);
    }
}
