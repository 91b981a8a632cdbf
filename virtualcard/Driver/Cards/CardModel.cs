namespace VirtualCard.Driver.Cards;

/// <summary>What a card is said to be.</summary>
internal sealed record CardModel
{
    /// <summary>Shared memory that a block gets without asking.</summary>
    public const int DefaultSharedBytes = 48 * 1024;

    /// <summary>Shared memory of each block that the system keeps for itself.</summary>
    public const int ReservedSharedBytes = 1024;

    public const int WarpSize = 32;

    public const int MaxBlockThreads = 1024;

    public const int Registers = 65536;

    public required string Name { get; init; }

    public required int Major { get; init; }

    public required int Minor { get; init; }

    public required int Multiprocessors { get; init; }

    public required long MemoryBytes { get; init; }

    public required int ClockKilohertz { get; init; }

    public required int MemoryClockKilohertz { get; init; }

    public required int BusBits { get; init; }

    public required int L2Bytes { get; init; }

    public required int MultiprocessorSharedBytes { get; init; }

    public required int MultiprocessorThreads { get; init; }

    public required int MultiprocessorBlocks { get; init; }

    /// <summary>What a kernel may ask for.</summary>
    public int MaxSharedBytes => MultiprocessorSharedBytes - ReservedSharedBytes;

    /// <summary>80, 86 or 90.</summary>
    public int Architecture => 10 * Major + Minor;

    /// <summary>The models by the names of their architectures.</summary>
    public static CardModel Find(string? architecture) => architecture switch
    {
        "sm_86" => new()
        {
            Name = "Virtual A10 (sm_86)",
            Major = 8,
            Minor = 6,
            Multiprocessors = 72,
            MemoryBytes = 24L << 30,
            ClockKilohertz = 1_695_000,
            MemoryClockKilohertz = 6_251_000,
            BusBits = 384,
            L2Bytes = 6 << 20,
            MultiprocessorSharedBytes = 100 << 10,
            MultiprocessorThreads = 1536,
            MultiprocessorBlocks = 16,
        },
        "sm_90" => new()
        {
            Name = "Virtual H100 (sm_90)",
            Major = 9,
            Minor = 0,
            Multiprocessors = 132,
            MemoryBytes = 80L << 30,
            ClockKilohertz = 1_980_000,
            MemoryClockKilohertz = 2_619_000,
            BusBits = 5120,
            L2Bytes = 50 << 20,
            MultiprocessorSharedBytes = 228 << 10,
            MultiprocessorThreads = 2048,
            MultiprocessorBlocks = 32,
        },
        null or "" or "sm_80" => new()
        {
            Name = "Virtual A100 (sm_80)",
            Major = 8,
            Minor = 0,
            Multiprocessors = 108,
            MemoryBytes = 80L << 30,
            ClockKilohertz = 1_410_000,
            MemoryClockKilohertz = 1_593_000,
            BusBits = 5120,
            L2Bytes = 40 << 20,
            MultiprocessorSharedBytes = 164 << 10,
            MultiprocessorThreads = 2048,
            MultiprocessorBlocks = 32,
        },
        _ => throw new ArgumentException($"There is no virtual card {architecture}: sm_80, sm_86 and sm_90 are known.", nameof(architecture)),
    };
}
