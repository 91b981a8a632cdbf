namespace VirtualCard.Driver.Cards;

/// <summary>The attributes of devices by their numbers in cuda.h.</summary>
internal static class DeviceAttributes
{
    public static int? Find(int attribute, Card card)
    {
        var model = card.Model;
        return attribute switch
        {
            1 or 2 or 3 => CardModel.MaxBlockThreads,
            // The depth of a block.
            4 => 64,
            // The extents of a grid.
            5 => int.MaxValue,
            6 or 7 => 65535,
            8 => CardModel.DefaultSharedBytes,
            // Constant memory.
            9 => 64 << 10,
            10 => CardModel.WarpSize,
            // The pitch of copies.
            11 => int.MaxValue,
            // Registers of a block, and of a multiprocessor.
            12 or 82 => CardModel.Registers,
            13 => model.ClockKilohertz,
            // Alignment of textures.
            14 or 30 => 512,
            // Copies beside kernels, mapped host memory, kernels beside kernels.
            15 or 19 or 31 => 1,
            16 => model.Multiprocessors,
            // A time limit, integrated, compute mode, ECC.
            17 or 18 or 20 or 32 => 0,
            >= 21 and <= 29 => 16384,
            // Where it sits: every card on a bus of its own.
            33 => card.Ordinal + 1,
            34 or 35 or 50 => 0,
            36 => model.MemoryClockKilohertz,
            37 => model.BusBits,
            38 => model.L2Bytes,
            39 => model.MultiprocessorThreads,
            // Copy engines.
            40 => 3,
            // Unified addresses.
            41 => 1,
            51 => 32,
            >= 42 and <= 49 or >= 52 and <= 74 or 77 => 16384,
            75 => model.Major,
            76 => model.Minor,
            // Priorities of streams, caches.
            78 or 79 or 80 => 1,
            81 => model.MultiprocessorSharedBytes,
            // Managed memory, several cards on a board, atomics on the host's memory.
            83 or 84 or 85 or 86 => 0,
            // Double precision's share of the speed.
            87 => model.Architecture == 86 ? 32 : 2,
            // The host's memory as it is.
            88 or 89 => 0,
            // Preemption; registered memory at the host's address.
            90 or 91 => 1,
            // Operations on memory in streams; cooperative launches.
            92 or 93 or 94 or 95 or 96 => 0,
            97 => model.MaxSharedBytes,
            // Registering memory; page tables of the host.
            99 => 1,
            98 or 100 or 101 or 102 or 103 or 104 or 105 => 0,
            106 => model.MultiprocessorBlocks,
            // Compressible memory, persisting L2, access policies, ...
            107 or 108 or 109 or 110 => 0,
            111 => CardModel.ReservedSharedBytes,
            // Sparse arrays, read-only host memory, timelines.
            112 or 113 or 114 => 0,
            // Memory pools.
            115 => 1,
            >= 116 and <= 145 => 0,
            _ => null,
        };
    }
}
