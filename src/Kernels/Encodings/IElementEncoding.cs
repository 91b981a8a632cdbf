using GpuOptim.Kernels.Ilgpu;

namespace GpuOptim.Kernels.Encodings;

/// <summary>An encoding in which every number is by itself: a GPU's thread reads and writes one at a time, with the results of the CPU's stretches.</summary>
internal interface IElementEncoding : IEncoding
{
    static int IEncoding.NumberSize => sizeof(ushort);

    static bool IEncoding.HasBlocks => false;

    /// <summary>Whether <see cref="EncodeOne"/> looks at the random bits.</summary>
    static abstract bool IsRandom { get; }

    /// <summary>The float.</summary>
    /// <param name="number">The number's 16 bits.</param>
    /// <param name="companion">The companion's bits, 16 or 32.</param>
    static abstract float DecodeOne(uint number, uint companion);

    /// <summary>The number's 16 bits, and its companion's.</summary>
    /// <param name="value">The float.</param>
    /// <param name="random">Sixteen random bits.</param>
    static abstract UInt2 EncodeOne(float value, uint random);
}
