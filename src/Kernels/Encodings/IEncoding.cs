namespace GpuOptim.Kernels.Encodings;

/// <summary>
/// How numbers that are floats to a rule lie in memory with fewer bits: a stretch of them is made floats, the rule's loop changes those in the cache, and
/// what it left is written back. The loop does not know.
/// </summary>
internal unsafe interface IEncoding
{
    /// <summary>Bytes of a number.</summary>
    static abstract int NumberSize { get; }

    /// <summary>Bytes of an element of the encoding's second tensor; 0 if it has none.</summary>
    static abstract int CompanionSize { get; }

    /// <summary>Whether that has an element for each block; else it has one for each number.</summary>
    static abstract bool HasBlocks { get; }

    /// <summary>Reads a stretch.</summary>
    /// <param name="stretch">The stretch.</param>
    /// <param name="values">Takes its floats; aligned to 64 bytes.</param>
    /// <param name="vectorBits">Width of the vectors to use, in bits; 32 for one number at a time. The result is the same with each.</param>
    static abstract void Decode(in EncodedStretch stretch, float* values, int vectorBits);

    /// <summary>Writes a stretch.</summary>
    /// <param name="stretch">The stretch.</param>
    /// <param name="values">Its floats, which may be overwritten; aligned to 64 bytes.</param>
    /// <param name="vectorBits">Width of the vectors to use, in bits; 32 for one number at a time. The result is the same with each.</param>
    static abstract void Encode(in EncodedStretch stretch, float* values, int vectorBits);
}
