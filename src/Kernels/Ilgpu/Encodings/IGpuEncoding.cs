namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>How numbers that are floats to a rule lie in memory, to a thread of a GPU: it reads and writes them one by one, with the results of the CPU's stretches.</summary>
internal interface IGpuEncoding
{
    /// <summary>Bytes of a number: 1, 2 or 4.</summary>
    static abstract int NumberSize { get; }

    /// <summary>Bytes of what is kept of each number besides: 0, 2 or 4.</summary>
    static abstract int CompanionSize { get; }

    /// <summary>Whether numbers share scales, block by block.</summary>
    static abstract bool HasBlocks { get; }

    /// <summary>Whether <see cref="Encode"/> looks at random bits.</summary>
    static abstract bool IsRandom { get; }

    /// <summary>The float.</summary>
    /// <param name="number">The number's bits.</param>
    /// <param name="companion">The bits of what is kept besides, or of its block's scale.</param>
    static abstract float Decode(uint number, uint companion);

    /// <summary>The bits of a block's scale, and of what its numbers are multiplied by.</summary>
    /// <param name="largest">The bits of its largest magnitude.</param>
    static abstract UInt2 ScaleOf(uint largest);

    /// <summary>The bits of the number, and of what is kept besides.</summary>
    /// <param name="value">The float.</param>
    /// <param name="factor">The bits of what it is multiplied by.</param>
    /// <param name="random">Sixteen random bits.</param>
    static abstract UInt2 Encode(float value, uint factor, uint random);
}
