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

    /// <summary>Whether it looks into tables, where there are some.</summary>
    static abstract bool HasTable { get; }

    /// <summary>Whether its table is the one of numbers with a sign.</summary>
    static abstract bool IsSigned { get; }

    /// <summary>A word of its table.</summary>
    static abstract UInt4 TableEntry(int index);

    /// <summary>The float of one of four bytes, by the table.</summary>
    /// <param name="four">The bytes.</param>
    /// <param name="index">Which one.</param>
    /// <param name="scale">The bits of their block's scale.</param>
    /// <param name="table">Where in shared memory the table is.</param>
    static abstract float DecodeByTable(uint four, int index, uint scale, int table);

    /// <summary>What <see cref="Encode"/> gives, by the table, and anything in the bits above.</summary>
    static abstract uint EncodeByTable(float value, uint factor, uint random, int table);

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
