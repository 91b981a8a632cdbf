namespace GpuOptim.Kernels.Encodings;

/// <summary>An encoding of a float in two halves: a bfloat16, and 16 bits beside it. <see cref="Halves{TEncoding}"/> runs it.</summary>
internal interface IHalvesEncoding : IElementEncoding
{
    /// <summary>Whether the companion is a signed number in the lower half of a word; else it is in the upper half.</summary>
    static abstract bool HasLowerCompanion { get; }

    /// <summary>The floats.</summary>
    /// <param name="number">The numbers, in the upper halves; the lower are zero.</param>
    /// <param name="companion">Their companions.</param>
    static abstract TWords Decode<TWords>(in TWords number, in TWords companion) where TWords : unmanaged, IWords<TWords>;

    /// <summary>The halves of floats; a NaN is the one that <see cref="IWords{T}.Quiet"/> gives.</summary>
    /// <param name="value">The floats.</param>
    /// <param name="number">Takes the numbers, in the upper halves, with anything in the lower.</param>
    /// <param name="companion">Takes their companions, with anything in the other halves.</param>
    static abstract void Encode<TWords>(in TWords value, out TWords number, out TWords companion) where TWords : unmanaged, IWords<TWords>;
}
